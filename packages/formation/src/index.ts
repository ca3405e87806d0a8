export { decodedCells, mixed, releasedCells, type Cells } from './mixed.js'
export { multiFormation, type MultiFormationOptions, type MultiFormationParams } from './multi-formation.js'
