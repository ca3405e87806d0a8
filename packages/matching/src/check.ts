import { HabaError, type ViewCount } from '@haba/core'

/** Refuses anything but a whole number of at least `least`. */
export function checkCount(who: string, name: string, value: number, least = 1): void {
  if (!Number.isInteger(value) || value < least)
    throw new HabaError(who, `${name} to be a whole number of at least ${least}`, `${value}`, 'Mend the option.')
}

/** Refuses anything but 'all' or a whole number of views of at least 1. */
export function checkViews(who: string, views: ViewCount): void {
  if (views !== 'all') checkCount(who, 'views', views)
}
