/** Ranks from 1, greatest value first; equal values share their mean rank, as in Spearman's correlation. */
export const ranks = (values: readonly number[]): readonly number[] =>
  values.map((value) => {
    const [above, equal] = [values.filter((v) => v > value).length, values.filter((v) => v === value).length]
    return above + (equal + 1) / 2
  })
