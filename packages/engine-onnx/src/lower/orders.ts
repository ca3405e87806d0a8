/** Images as onnx wants them: `[batch, channels, height, width]`. */
export const imageOrder = [0, 3, 1, 2]

/** Channels before the batch: `[channels, batch, height, width]`. */
export const planeOrder = [3, 0, 1, 2]
