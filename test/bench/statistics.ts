// Statistics of a series of figures.

/** Summary summarises many figures of one kind. */
export type Summary = {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
};

/** quantile returns the value that a fraction `q` (0 to 1) of the values does not exceed; NaN if there are none. */
export function quantile(values: Iterable<number>, q: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

/** median returns the middle value, the lower of two; NaN if there are none. */
export function median(values: Iterable<number>): number {
  return quantile(values, 0.5);
}

/** summaryOf summarises figures; every field is NaN if there are none. */
export function summaryOf(values: readonly number[]): Summary {
  return {
    count: values.length,
    min: quantile(values, 0),
    median: median(values),
    p99: quantile(values, 0.99),
    max: quantile(values, 1),
  };
}

/**
 * slopeOf returns the slope of the least-squares line through the points; NaN for fewer than two.
 */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const along = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const across = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return along / across;
}
