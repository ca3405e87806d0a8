import { checkCount, type ViewCount } from '@haba/core'

/** Throws unless the value is 'all' or a whole number of views of at least 1. */
export function checkViews(who: string, views: ViewCount): void {
  if (views !== 'all') checkCount(who, 'views', views)
}
