import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'

/** The metrics of one service. Asking for a name again gives the same metric. */
export interface Metrics {
  counter<L extends string = never>(name: string, help: string, labelNames?: readonly L[]): Counter<L>
  gauge<L extends string = never>(name: string, help: string, labelNames?: readonly L[]): Gauge<L>
  /** Buckets are upper bounds, in the unit of the name (seconds if not given). */
  histogram<L extends string = never>(
    name: string,
    help: string,
    labelNames?: readonly L[],
    buckets?: readonly number[],
  ): Histogram<L>
  /** Called before each `text`, to set gauges that have to be read somewhere. Returns how to end that. */
  onScrape(read: () => void): () => void
  /** Prometheus' text format. */
  text(): Promise<string>
  readonly contentType: string
}

const LATENCY_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

/** A registry with the metrics of the process (CPU, memory, event loop, GC) and `reboots_up{service}`. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const known = <M>(name: string, make: () => M): M => (registry.getSingleMetric(name) as M | undefined) ?? make()
  const readers = new Set<() => void>()
  const metrics: Metrics = {
    counter: (name, help, labelNames = []) =>
      known(name, () => new Counter({ name, help, labelNames: [...labelNames], registers })),
    gauge: (name, help, labelNames = []) =>
      known(name, () => new Gauge({ name, help, labelNames: [...labelNames], registers })),
    histogram: (name, help, labelNames = [], buckets = LATENCY_BUCKETS) =>
      known(name, () => new Histogram({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers })),
    onScrape(read) {
      readers.add(read)
      return () => void readers.delete(read)
    },
    text: () => {
      for (const read of readers) read()
      return registry.metrics()
    },
    contentType: registry.contentType,
  }
  metrics.gauge('reboots_up', 'The service runs', ['service']).set({ service }, 1)
  return metrics
}
