import { html, trusted, type Html } from './html.js'
import { style } from './style.js'

/**
 * A complete page. The content security policy guarantees that nothing is fetched.
 */
export function page(title: string, body: Html): string {
  const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style>
          ${trusted(style)}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html> `.html
}
