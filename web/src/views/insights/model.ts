import type { DeliveryMetricsQuery } from "@/gql/graphql";

export type Metrics = DeliveryMetricsQuery["deliveryMetrics"];

const DAY = 86_400_000;

/** The window of so many days that ends now, to the minute, so that the question stays the same for a while. */
export function windowOf(days: number, now: number): { since: string; until: string } {
  const until = Math.ceil(now / 60_000) * 60_000;
  return { since: new Date(until - days * DAY).toISOString(), until: new Date(until).toISOString() };
}

/** Deployments of each day of the window: days as seconds since 1970, and how many succeeded and failed. */
export function perDay(metrics: Metrics, since: string, until: string): [number[], number[], number[]] {
  const first = Math.floor(Date.parse(since) / DAY);
  const count = Math.floor(Date.parse(until) / DAY) - first + 1;
  const good = Array.from({ length: count }, () => 0);
  const bad = Array.from({ length: count }, () => 0);
  for (const deployment of metrics.deployments) {
    const series = deployment.failed || !deployment.succeeded ? bad : good;
    const day = Math.floor(Date.parse(deployment.at) / DAY) - first;
    if (series[day] !== undefined) series[day] += 1;
  }
  return [Array.from({ length: count }, (_, day) => (first + day) * 86_400), good, bad];
}

/** A length of time for people: `3.4 h`. */
export function long(milliseconds: number | null | undefined): string {
  if (milliseconds === null || milliseconds === undefined) return "—";
  const [size, unit] = milliseconds >= DAY ? [DAY, "d"] : milliseconds >= 3_600_000 ? [3_600_000, "h"] : milliseconds >= 60_000 ? [60_000, "min"] : [1_000, "s"];
  return `${Number((milliseconds / size).toPrecision(2))} ${unit}`;
}

export const share = (rate: number | null | undefined): string => (rate === null || rate === undefined ? "—" : `${Number((rate * 100).toPrecision(3))} %`);

export const PARTS = [
  ["reviewMs", "Review"], ["ciMs", "CI"], ["approvalMs", "Approval"], ["soakMs", "Soak"], ["rolloutMs", "Rollout"],
] as const;

/** The mean of each part of the lead time, in milliseconds, with its share of the whole. */
export function waterfall(metrics: Metrics): readonly { name: string; mean: number; share: number }[] {
  const { changes } = metrics;
  const mean = (part: (typeof PARTS)[number][0]) => (changes.length === 0 ? 0 : changes.reduce((sum, change) => sum + change.parts[part], 0) / changes.length);
  const means = PARTS.map(([part, name]) => ({ name, mean: mean(part) }));
  const whole = means.reduce((sum, one) => sum + one.mean, 0);
  return means.map((one) => ({ ...one, share: whole === 0 ? 0 : one.mean / whole }));
}
