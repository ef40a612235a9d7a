import "uplot/dist/uPlot.min.css";

import { useEffect, useRef } from "react";
import UPlot from "uplot";

/** Deployments a day as bars; the table below holds the same figures. */
export default function Chart({ days, good, bad }: { days: number[]; good: number[]; bad: number[] }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { current } = place;
    if (!current) return;
    const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name);
    const bars = UPlot.paths.bars?.({ size: [0.6, 24] });
    const series = (label: string, name: string) => ({ label, fill: colour(name), stroke: colour(name), points: { show: false }, ...(bars ? { paths: bars } : {}) });
    const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line") }, ticks: { stroke: colour("--line") } };
    // Failed ones stand in front of all.
    const all = good.map((count, day) => count + (bad[day] ?? 0));
    const plot = new UPlot({
      width: current.clientWidth, height: 180, legend: { show: false }, cursor: { show: false },
      scales: { y: { range: (_, __, max) => [0, Math.max(1, max)] } }, axes: [axis, { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100] }],
      series: [{}, series("all", "--good"), series("failed", "--bad")],
    }, [days, all, bad], current);
    const observer = new ResizeObserver(() => plot.setSize({ width: current.clientWidth, height: 180 }));
    observer.observe(current);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [days, good, bad]);
  const sum = (counts: number[]) => counts.reduce((one, other) => one + other, 0);
  return <div ref={place} role="img" aria-label={`Deployments a day: ${sum(good)} succeeded and ${sum(bad)} failed in ${days.length} days`} />;
}
