import { html, type Html } from './html.js'
import * as numbers from './numbers.js'
import type { Picture } from './picture.js'
import type { Gallery, GallerySlot, Snapshot } from './run-data.js'

/** A picture that is enlarged and shows its name on hover, touch or keyboard focus. */
function tile(picture: Picture, name: string, label: string): Html {
  const { png, width, height } = picture
  const data = Buffer.from(png).toString('base64')
  return html`<figure class="tile" tabindex="0">
    <img src="data:image/png;base64,${data}" width="${width}" height="${height}" alt="${name}" />
    <span class="label" aria-hidden="true">${label}</span>
    <figcaption aria-hidden="true">${name}</figcaption>
  </figure>`
}

/** Every slot: the stored picture, then its rendered images. */
export function gallerySection(
  { slots, stored = slots.length, caption }: Gallery,
  { id, title }: { readonly id: string; readonly title: string } = { id: 'gallery', title: 'Gallery' },
): Html {
  const first = slots[0]
  if (!first) return html``
  const names = [...new Set(slots.map((slot) => slot.className))]
  const images = slots.reduce((sum, slot) => sum + slot.views.length, 0)
  const shown = slots.length < stored ? `${numbers.count(slots.length)} of ${numbers.count(stored)}` : 'All'
  const what = first.basis
    ? `${shown} bases, each with every image that the hallucinators make of it: ${numbers.count(images)} images.`
    : `${shown} slots: ${numbers.count(images)} images.`
  return html`<section id="${id}">
    <h2>${title}</h2>
    <p>${what} ${caption ? `${caption}.` : undefined}</p>
    ${names.map((name) =>
      classRows(
        name,
        slots.filter((slot) => slot.className === name),
      ),
    )}
  </section>`
}

function classRows(className: string, slots: readonly GallerySlot[]): Html {
  return html`<div class="class">
    <h3>${className}</h3>
    <div class="slots">
      ${slots.map(
        ({ slot, basis, views }) =>
          html`<div class="slot" role="group" aria-label="${className}, slot ${slot}">
            ${basis ? html`<div class="basis">${tile(basis, `${className}, slot ${slot}, basis`, 'basis')}</div>` : undefined}
            <div class="views">
              ${views.map((view, at) => tile(view, `${className}, slot ${slot}, view ${at}`, `${at}`))}
            </div>
          </div>`,
      )}
    </div>
  </div>`
}

/** How pictures changed over the run, one row per picture. */
export function snapshotSection(snapshots: readonly Snapshot[]): Html {
  if (snapshots.length === 0) return html``
  return html`<section id="snapshots">
    <h2>Images over the run</h2>
    <p>The number under an image is its step.</p>
    ${snapshots.map(
      ({ className, slot, view, frames }) =>
        html`<div class="class">
          <h3>${className} <small>slot ${slot}, view ${view}</small></h3>
          <div class="views">
            ${frames.map(({ step, picture }) =>
              tile(
                picture,
                `${className}, slot ${slot}, view ${view}, step ${numbers.count(step)}`,
                numbers.count(step),
              ),
            )}
          </div>
        </div>`,
    )}
  </section>`
}
