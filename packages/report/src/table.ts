import { html, type Html } from './html.js'

/** A table that scrolls if the page is too narrow. */
export const table = (label: string, head: readonly string[], rows: readonly (Html | undefined)[], kind = ''): Html =>
  html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">
    <table ${kind === '' ? undefined : html`class="${kind}"`}>
      <thead>
        <tr>
          ${head.map((column) => html`<th scope="col">${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
