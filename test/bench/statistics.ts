// What a row of figures comes to.

/** Summary is what many figures of one kind come to. */
export type Summary = {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
};

/** quantile is the value that a part `q` (0 to 1) of the values does not exceed; NaN of none. */
export function quantile(values: Iterable<number>, q: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

/** median is the middle value, the lower of two; NaN of none. */
export function median(values: Iterable<number>): number {
  return quantile(values, 0.5);
}

/** summaryOf sums figures up; everything NaN of none. */
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
 * slopeOf is how much y grows per unit of x: the least-squares line through the points. NaN of fewer than two.
 */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const along = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const across = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return along / across;
}
