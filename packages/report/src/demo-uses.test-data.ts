import type { Uses } from './uses.js'

const noise = (n: number) => (((Math.sin(n * 12.9898) * 43758.5453) % 1) + 1) % 1

const protocol = 'dsa, version 1 (5f3c9a0211d4)'
const networks = ['ConvNetD3W128-IN-relu-AP', 'AlexNet', 'VGG11', 'ResNet18', 'MLP']

/** Invented numbers of a set that is good, but not for every network. */
export const demoUses = (name: string, shift = 0): Uses => ({
  cross: networks.flatMap((network, at) =>
    [name, `random real images, for ${name}`].map((method, i) => ({
      method,
      network,
      protocol,
      mean: 0.69 - 0.06 * at - (i === 0 ? 0.1 * noise(at + shift) : 0.05 + 0.1 * noise(7 * at + shift)),
      std: 0.01,
      halfInterval: 0.012,
      networks: 5,
    })),
  ),
  continual: [5, 10].map((steps) => ({
    steps,
    summary: `mean ± std over 5 orders of the classes and 3 networks each. Protocol ${protocol}.`,
    curves: ['method', 'random', 'herding'].map((memory, at) => ({
      memory,
      floats: 3_072_000,
      points: Array.from({ length: steps }, (_, step) => ({
        classes: ((step + 1) * 100) / steps,
        mean: 0.55 / (1 + 0.12 * step) - 0.1 * (at === 0 ? 0 : 1) - 0.005 * at,
        std: 0.008,
      })),
    })),
  })),
  search: {
    networks: Array.from({ length: 120 }, (_, at) => ({
      name: `ConvNetD${1 + (at % 4)}W${32 * (1 + (at % 3))}`,
      proxy: 0.3 + 0.002 * at + 0.12 * noise(at),
      truth: 0.5 + 0.003 * at,
    })),
    correlations: [
      { top: 5, byTruth: 0.41, byProxy: 0.36 },
      { top: 10, byTruth: 0.52, byProxy: undefined },
      { top: 20, byTruth: 0.6, byProxy: 0.55 },
      { top: 120, byTruth: 0.93, byProxy: 0.93 },
    ],
    summary: `The set chooses ConvNetD4W96: 85.70 % on all data. Protocol ${protocol}.`,
  },
})
