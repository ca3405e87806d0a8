/** A class of ILSVRC: its index among the 1000 (from 0, in the order of WordNet ids), the WordNet id that names its folder, and a name. */
export interface ImageNetClass {
  readonly index: number
  readonly wnid: string
  readonly name: string
}

/** Some classes of ImageNet; their order defines the labels. */
export interface ImageNetSubset {
  readonly name: string
  readonly classes: readonly ImageNetClass[]
}

const known: Readonly<Record<number, readonly [wnid: string, name: string]>> = {
  0: ['n01440764', 'tench'],
  9: ['n01518878', 'ostrich'],
  11: ['n01531178', 'goldfinch'],
  22: ['n01614925', 'bald eagle'],
  72: ['n01773157', 'black and gold garden spider'],
  84: ['n01806143', 'peacock'],
  88: ['n01818515', 'macaw'],
  89: ['n01819313', 'sulphur-crested cockatoo'],
  96: ['n01843383', 'toucan'],
  100: ['n01860187', 'black swan'],
  130: ['n02007558', 'flamingo'],
  144: ['n02051845', 'pelican'],
  145: ['n02056570', 'king penguin'],
  155: ['n02086240', 'Shih-Tzu'],
  159: ['n02087394', 'Rhodesian ridgeback'],
  162: ['n02088364', 'beagle'],
  167: ['n02089973', 'English foxhound'],
  182: ['n02093754', 'Border terrier'],
  193: ['n02096294', 'Australian terrier'],
  207: ['n02099601', 'golden retriever'],
  217: ['n02102040', 'English springer'],
  229: ['n02105641', 'Old English sheepdog'],
  258: ['n02111889', 'Samoyed'],
  273: ['n02115641', 'dingo'],
  281: ['n02123045', 'tabby'],
  282: ['n02123159', 'tiger cat'],
  283: ['n02123394', 'Persian cat'],
  284: ['n02123597', 'Siamese cat'],
  285: ['n02124075', 'Egyptian cat'],
  287: ['n02127052', 'lynx'],
  289: ['n02128757', 'snow leopard'],
  290: ['n02128925', 'jaguar'],
  291: ['n02129165', 'lion'],
  292: ['n02129604', 'tiger'],
  309: ['n02206856', 'bee'],
  482: ['n02979186', 'cassette player'],
  491: ['n03000684', 'chain saw'],
  497: ['n03028079', 'church'],
  566: ['n03394916', 'French horn'],
  569: ['n03417042', 'garbage truck'],
  571: ['n03425413', 'gas pump'],
  574: ['n03445777', 'golf ball'],
  599: ['n03530642', 'honeycomb'],
  701: ['n03888257', 'parachute'],
  779: ['n04146614', 'school bus'],
  943: ['n07718472', 'cucumber'],
  945: ['n07720875', 'bell pepper'],
  948: ['n07742313', 'Granny Smith'],
  949: ['n07745940', 'strawberry'],
  950: ['n07747607', 'orange'],
  951: ['n07749582', 'lemon'],
  952: ['n07753113', 'fig'],
  953: ['n07753275', 'pineapple'],
  954: ['n07753592', 'banana'],
  957: ['n07768694', 'pomegranate'],
  986: ['n12057211', "yellow lady's slipper"],
  987: ['n12144580', 'corn'],
}

const subset = (name: string, ...indices: readonly number[]): ImageNetSubset => ({
  name,
  classes: indices.map((index) => ({ index, wnid: known[index]![0], name: known[index]![1] })),
})

/** Imagenette: ten classes that are easy to distinguish, in the order of MTT and HaBa. */
export const imagenette = subset('imagenette', 0, 217, 482, 491, 497, 566, 569, 571, 574, 701)

/** Imagewoof: ten breeds of dogs, in the order of MTT and HaBa. */
export const imagewoof = subset('imagewoof', 193, 182, 258, 162, 155, 167, 159, 273, 207, 229)

/** ImageMeow: ten cats, in the order of MTT and HaBa. */
export const imagemeow = subset('imagemeow', 281, 282, 283, 284, 285, 291, 292, 290, 289, 287)

/** ImageSquawk: ten birds, in the order of MTT and HaBa. */
export const imagesquawk = subset('imagesquawk', 84, 130, 88, 144, 145, 22, 96, 9, 100, 89)

/** ImageFruit: ten fruits, in the order of MTT and HaBa. */
export const imagefruit = subset('imagefruit', 953, 954, 949, 950, 951, 957, 952, 945, 943, 948)

/** ImageYellow: ten yellow things, in the order of MTT and HaBa. */
export const imageyellow = subset('imageyellow', 309, 986, 954, 951, 987, 779, 599, 291, 72, 11)
