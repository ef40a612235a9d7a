import { behind, gapSeen, useLive } from "@/api";
import { Button, Shape, Tooltip, type Tone, lasting, useNow } from "@/ui";

/** Where the page stands in the stream of events: always on the screen, in words. */
export function Connection() {
  const state = useLive();
  const now = useNow();
  const since = lasting(Math.max(0, now - state.since));
  const clock = state.since ? new Date(state.since).toLocaleTimeString() : "";
  const [tone, words, more]: [Tone, string, string] =
    state.phase === "live" ? ["good", "Live", `Up to date at event ${state.position ?? 0}.`]
    : state.phase === "catching-up" ? ["busy", `Catching up ${behind(state)}`, "Events of the time away are being read."]
    : state.phase === "stale" ? ["warn", `Stale since ${clock}`, `No connection for ${since}. What you see may be out of date; it goes on by itself.`]
    : state.phase === "paused" ? ["quiet", "Paused", "The page was hidden; it goes on when you look at it."]
    : ["busy", "Connecting", "The stream of events is being opened."];
  return (
    <div role="status" aria-live="polite" className="flex items-center gap-2">
      <Tooltip words={more}>
        <span tabIndex={0} data-phase={state.phase} className="inline-flex items-center gap-1 rounded px-1 text-xs">
          <Shape tone={tone} />{words}
        </span>
      </Tooltip>
      {state.gap ? (
        <span className="inline-flex items-center gap-1 text-xs text-warn">
          Events {state.gap.from}–{state.gap.to} are no longer kept; the page was loaded again.
          <Button kind="bare" className="h-5 px-1" onClick={gapSeen}>Understood</Button>
        </span>
      ) : null}
    </div>
  );
}
