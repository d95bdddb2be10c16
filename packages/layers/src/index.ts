export type { RetryOptions } from "./attempts.ts";
export { type Clock, systemClock } from "./clock.ts";
export { type Fault, type FaultRequest, type FaultRule, type FaultScript, randomFaults } from "./fault-script.ts";
export { type FaultsOptions, type FaultyBackend, faults } from "./faults.ts";
export { type LatencyOptions, latency } from "./latency.ts";
export { retry } from "./retry.ts";
export { scope } from "./scope.ts";
export {
  type TracedBackend,
  type TracedOutcome,
  type TracedRequest,
  type TraceOptions,
  type TraceSummary,
  trace,
} from "./trace.ts";
