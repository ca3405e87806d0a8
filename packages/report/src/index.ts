export {
  comparability,
  comparisonPage,
  type ComparedRun,
  type ComparisonPage,
  type EqualBytes,
} from './comparison-page.js'
export { eventFile, type EventFileOptions, type EventPicture } from './event-file.js'
export { metricsLine, readMetrics, type Metrics } from './metrics.js'
export { gridLayout, pictureGrid, type GridLayout, type GridRow, type PictureGridOptions } from './picture-grid.js'
export { encodePicture, type Picture, type Pixels } from './picture.js'
export type { Accuracy, Gallery, GallerySlot, RunPage, Snapshot } from './run-data.js'
export { runPage } from './run-page.js'
export { toPixels, type PixelRows, type ToPixelsOptions } from './to-pixels.js'
export type { ContinualCurve, ContinualResult, CrossAccuracy, RankedNetwork, SearchResult, Uses } from './uses.js'
