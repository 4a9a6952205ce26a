// Records known metrics with the official SDK and exports them once by each exporter that is named on the command line:
// "json URL", "protobuf URL" or "grpc HOST:PORT", with the temporality in OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE.
import { ValueType } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationType, InstrumentType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { OTLPMetricExporter as Json } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as Protobuf } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPMetricExporter as Grpc } from '@opentelemetry/exporter-metrics-otlp-grpc';

const exporters = { json: Json, protobuf: Protobuf, grpc: Grpc };
const readers = [];
for (let i = 2; i + 1 < process.argv.length; i += 2) {
  const [kind, url] = [process.argv[i], process.argv[i + 1]];
  readers.push(new PeriodicExportingMetricReader({ exporter: new exporters[kind]({ url }), exportIntervalMillis: 3_600_000 }));
}

const provider = new MeterProvider({
  readers,
  resource: resourceFromAttributes({ 'service.name': 'shop', 'service.instance.id': 'i-1', 'host.cpus': 8, 'host.tags': ['a', 'b'], ratio: 0.5, spot: true }),
  views: [{ instrumentName: 'fine', instrumentType: InstrumentType.HISTOGRAM, aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
});
const meter = provider.getMeter('orders', '2.1');

const orders = meter.createCounter('orders', { unit: '{order}', description: 'Orders, "quoted" and ü', valueType: ValueType.INT });
orders.add(3, { route: '/cart', code: 200 });
orders.add(4, { route: '/cart', code: 200 });
orders.add(1, { route: '/ünï', code: 500 });
meter.createCounter('energy', { unit: 'J' }).add(0.1, {});
const open = meter.createUpDownCounter('open', { valueType: ValueType.INT });
open.add(5, { pool: 'a' });
open.add(-7, { pool: 'a' });
meter.createObservableGauge('temperature', { unit: 'Cel' }).addCallback((result) => result.observe(-1.5, { room: 'x' }));
const latency = meter.createHistogram('latency', { unit: 's', advice: { explicitBucketBoundaries: [0.1, 1, 10] } });
for (const value of [0.05, 0.5, 0.5, 100]) latency.record(value, { route: '/cart' });
const fine = meter.createHistogram('fine', { unit: 's' });
for (const value of [0, 1, 2, 4, 1024]) fine.record(value);

await provider.forceFlush();
await provider.shutdown();
