import { HabaError, namedLeaves, type Tree } from '@haba/core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { models, type LayersModel } from '@tensorflow/tfjs-layers'
import { originOf, type LayersNetwork } from './from-layers-model.js'

/**
 * A new tf.LayersModel with these weights: the model that the network came from, softmax at its end and Dropout included.
 * It can be saved, loaded and trained further as any other; compile it before `fit`.
 *
 * @param values such as `init` of the network gives, or training; not disposed of
 * @throws HabaError for a network that `fromLayersModel` did not make, and for values of other shapes
 */
export async function toLayersModel(
  network: LayersNetwork,
  values: { readonly weights: Tree; readonly state: Tree },
): Promise<LayersModel> {
  const origin = originOf(network)
  if (!origin)
    throw new HabaError(
      'toLayersModel',
      'a network that fromLayersModel made',
      network.name,
      'Build the network with tf.layers, and pass it through fromLayersModel before training.',
    )
  const [weights, state] = [namedLeaves(values.weights), namedLeaves(values.state)]
  const model = await models.modelFromJSON({ modelTopology: origin.topology })
  let [nextWeights, nextMoments] = [0, 0]
  for (const { name, learned, moments } of origin.layers) {
    const index = learned.length > 0 ? nextWeights++ : -1
    const running = moments ? nextMoments++ : -1
    const names = [...learned.map((one) => one.name), ...(moments ? ['mean', 'variance'] : [])]
    const tensors = names.map((of, i) =>
      i < learned.length ? weights.get(`${index}.${of}`) : state.get(`${running}.${of}`),
    )
    const shapes = model.getLayer(name).weights.map(({ shape }) => `[${shape}]`)
    tensors.forEach((x, i) => {
      if (x && `[${x.shape}]` === shapes[i]) return
      throw new HabaError(
        `toLayersModel, layer '${name}'`,
        `${names[i]} ${shapes[i]}`,
        x ? `[${x.shape}]` : 'nothing of that name',
        'Pass weights and state of this very network.',
      )
    })
    model.getLayer(name).setWeights(tensors as Tensor[])
  }
  return model
}
