import type { Parameterization, Synthetic, Tree } from '@haba/core'

/** A set as objectives see it. */
export const bind = (set: Parameterization<Tree>, params: Tree): Synthetic => ({
  layout: set.layout,
  render: (rows) => set.render(params, rows),
})
