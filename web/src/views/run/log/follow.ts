/** What following goes by: how far a list is scrolled, and how far it was. */
export interface Scroll {
  top: number;
  height: number;
  total: number;
}

/** So near to its end, in pixels, a list is at it. */
const NEAR = 24;

export const atEnd = (scroll: Scroll): boolean => scroll.total - scroll.top - scroll.height <= NEAR;

/**
 * Whether the end is still followed after a scroll. Only going up stops it: a list that grew under its reader was not
 * scrolled by them. Coming back to the end goes on with it.
 */
export function followed(following: boolean, before: number, now: Scroll): boolean {
  if (now.top < before) return false;
  return following || (now.top > before && atEnd(now));
}
