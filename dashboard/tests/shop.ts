/**
 * A shop that counts its requests by customer, as an application with an OpenTelemetry SDK does: cumulative sums, every second, over OTLP/JSON. Forty
 * customers of unequal weight, of whom a reducer can fold the light ones.
 */
export class Shop {
  readonly #counts = new Map<string, number>();
  readonly #began = nano(Date.now());
  #timer: ReturnType<typeof setInterval> | null = null;
  #failed: string | null = null;

  constructor(
    private readonly endpoint: string,
    private readonly host: string,
    private readonly customers = 40,
  ) {}

  /** Why the last push was not taken; null where it was. */
  get failed(): string | null {
    return this.#failed;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#push(), 1_000);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  async #push(): Promise<void> {
    const now = nano(Date.now());
    const points = [];
    for (let i = 0; i < this.customers; i++)
      for (const route of ["/cart", "/search"]) {
        const key = `${i}${route}`;
        const total = (this.#counts.get(key) ?? 0) + Math.max(1, Math.round(200 / (i + 1)));
        this.#counts.set(key, total);
        points.push({
          attributes: [text("customer", `customer-${String(i).padStart(3, "0")}`), text("route", route)],
          startTimeUnixNano: this.#began,
          timeUnixNano: now,
          asInt: String(total),
        });
      }
    const sum = (name: string, dataPoints: unknown[]) => ({
      name,
      unit: "1",
      sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints },
    });
    const orders = [
      {
        attributes: [text("currency", "EUR")],
        startTimeUnixNano: this.#began,
        timeUnixNano: now,
        asInt: String(this.#counts.get("0/cart") ?? 0),
      },
    ];
    try {
      const response = await fetch(this.endpoint, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          resourceMetrics: [
            {
              resource: { attributes: [text("service.name", "shop"), text("service.namespace", "retail"), text("host.name", this.host)] },
              scopeMetrics: [{ scope: { name: "shop" }, metrics: [sum("shop.requests", points), sum("shop.orders", orders)] }],
            },
          ],
        }),
      });
      this.#failed = response.ok ? null : `${response.status} ${await response.text()}`;
    } catch (error) {
      // The collector is being replaced: an SDK would try again with its next export, as the next second does.
      this.#failed = String(error);
    }
  }
}

const text = (key: string, value: string) => ({ key, value: { stringValue: value } });

const nano = (ms: number) => `${ms}000000`;
