import { describe, expect, it } from 'vitest'
import { crossArchitecture, planWorkers, shareOut } from './cross-architecture.js'

describe('planWorkers', () => {
  it('never uses more threads than there are cores', () => {
    for (let cores = 1; cores <= 9; cores++)
      for (let jobs = 1; jobs <= 12; jobs++) {
        const { workers, threads } = planWorkers({ cores, jobs })
        expect(workers * threads).toBeLessThanOrEqual(cores)
        expect(workers).toBe(Math.min(cores, jobs))
        expect(threads).toBeGreaterThanOrEqual(1)
      }
    expect(planWorkers({ cores: 8, jobs: 12, workers: 3 })).toEqual({ workers: 3, threads: 2 })
  })

  it('refuses more workers than cores', () =>
    expect(() => planWorkers({ cores: 2, jobs: 4, workers: 3 })).toThrow('expected 1 … 2'))
})

describe('shareOut', () => {
  it('keeps every worker at one job, and the order of jobs', async () => {
    const busy = [0, 0]
    const workers = busy.map((_, worker) => async (job: number) => {
      expect(++busy[worker]!).toBe(1)
      await new Promise((resolve) => setTimeout(resolve, job % 3))
      busy[worker]!--
      return 10 * job
    })
    expect(await shareOut([5, 4, 3, 2, 1], workers)).toEqual([50, 40, 30, 20, 10])
  })

  it('ends with the first failure', async () => {
    const done: number[] = []
    const worker = async (job: number) => {
      if (job === 1) throw new Error('lost')
      done.push(job)
    }
    await expect(shareOut([0, 1, 2], [worker])).rejects.toThrow('lost')
    expect(done).toEqual([0])
  })
})

describe('crossArchitecture', () => {
  it('gives a row for each network, with its interval', async () => {
    const accuracy = { small: [0.5, 0.6, 0.7], large: [0.25, 0.25, 0.25] }
    const worker = async ({ network, seed }: { network: string; seed: number }) =>
      accuracy[network as keyof typeof accuracy][seed]!
    const [small, large] = await crossArchitecture({ networks: ['small', 'large'], workers: [worker, worker] })
    expect(small).toMatchObject({ network: 'small', accuracies: [0.5, 0.6, 0.7] })
    expect(small!.mean).toBeCloseTo(0.6, 12)
    // t of 2 degrees of freedom, s = 0.1
    expect(small!.halfInterval).toBeCloseTo(0.24841, 5)
    expect(large).toMatchObject({ std: 0, halfInterval: 0 })
    const [one] = await crossArchitecture({ networks: ['small'], seeds: 1, workers: [worker] })
    expect(one).not.toHaveProperty('halfInterval')
  })
})
