// A process with Judoscale's adapter for Node in it, unmodified: requests by its web collector, jobs by its worker collector.
const { Judoscale, Metric, MetricsStore, UtilizationTracker, WebMetricsCollector, WorkerMetricsCollector } =
  require("judoscale-node-core")

const tracker = new UtilizationTracker()
const store = new MetricsStore()
Judoscale.registerAdapter("judoscale-express", new WebMetricsCollector(store, tracker), { adapter_version: "0" })

class Jobs extends WorkerMetricsCollector {
  async collect() {
    return [new Metric("qd", new Date(), 7, "default"), new Metric("busy", new Date(), 2, "default")]
  }
}
Judoscale.registerAdapter("judoscale-bullmq", new Jobs("BullMQ"), { adapter_version: "0" })

tracker.start()
new Judoscale({ log_level: "warn" })
setInterval(() => {
  tracker.incr()
  store.push("qt", 40)
  setTimeout(() => tracker.decr(), 10)
}, 20)
