import { performance } from 'node:perf_hooks'

/** Shows progress. A terminal has one line that changes; other outputs get a line every few seconds. */
export interface Progress {
  /** Prints a message on a separate line. */
  say(text: string): void
  /** Shows a count out of `total`; `detail` is the newest measurement. */
  count(what: string, done: number, total: number, detail: string): void
  /** Shows work of unknown length, such as reading files. */
  pulse(text: string): void
}

/** The members of a stream that progress needs. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** Where commands write: results to `out`, progress to `err`. */
export interface Terminal {
  readonly out: Screen
  readonly err: Screen
}

/** Time between two lines without a terminal, in ms. */
const QUIET = 5000
/** Time between two changes of a terminal's line, in ms. */
const BRISK = 100

/** Shows progress on a stream. Speed and remaining time are measured from the last start of each kind of work. */
export function progressOn(screen: Screen, now: () => number = () => performance.now()): Progress {
  const live = screen.isTTY === true
  let task = { what: '', from: 0, began: 0, done: 0 }
  let shown = -Infinity
  let open = false

  const line = (text: string) => {
    screen.write(live ? `\r\u001b[K${text.slice(0, (screen.columns ?? 80) - 1)}` : `${text}\n`)
    open = live
  }
  const due = () => now() - shown >= (live ? BRISK : QUIET)
  return {
    say(text) {
      screen.write(`${open ? '\r\u001b[K' : ''}${text}\n`)
      open = false
    },
    count(what, done, total, detail) {
      const fresh = task.what !== what || done < task.done
      task = fresh ? { what, from: done, began: now(), done } : { ...task, done }
      if (!fresh && !due() && done < total) return
      shown = now()
      const seconds = (now() - task.began) / 1000
      const rate = seconds > 0 ? (done - task.from) / seconds : 0
      const left = rate > 0 ? `${rateText(rate)}  ${timeText((total - done) / rate)} left` : ''
      line([`  ${what} ${done}/${total}`, detail, left].filter((part) => part !== '').join('  '))
    },
    pulse(text) {
      if (!due()) return
      shown = now()
      line(`  ${text}`)
    },
  }
}

const rateText = (perSecond: number) =>
  perSecond >= 1 ? `${perSecond.toFixed(1)}/s` : `${(1 / perSecond).toFixed(1)} s each`

/** A duration in seconds as text, such as `2 min 5 s`. */
export function timeText(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
