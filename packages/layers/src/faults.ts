import { abortedError, type Backend, type Content, streamContent, TrunksError } from "@trunks/core";
import { type Clock, systemClock } from "./clock.ts";
import {
  canStrike,
  type Fault,
  type FaultRequest,
  type FaultRule,
  type FaultScript,
  ruledFaults,
} from "./fault-script.ts";
import { type BackendRequest, intercept } from "./intercept.ts";

export interface FaultsOptions {
  /** Ends this process, or whatever stands for it in a test. */
  readonly crash?: () => void;
  readonly clock?: Clock;
}

export interface FaultyBackend extends Backend {
  /** Every fault that struck, so that a test can show that it tested something. */
  readonly struck: readonly (FaultRequest & { readonly fault: Fault })[];
  /** Lets all late effects happen, in the order of their requests. Throws what the first one that fails throws. */
  settle(): Promise<void>;
}

/**
 * A backend on which things go wrong as `script` says, for tests. Of several rules the first that holds decides.
 * Closing it settles late effects first.
 */
export function faults(
  backend: Backend,
  script: readonly FaultRule[] | FaultScript,
  options: FaultsOptions = {},
): FaultyBackend {
  const { clock = systemClock } = options;
  const decide = typeof script === "function" ? script : ruledFaults(script);
  const struck: (FaultRequest & { readonly fault: Fault })[] = [];
  let late: { readonly dueIndex: number; effect(): Promise<unknown> }[] = [];
  let started = 0;

  async function settle(uptoIndex: number): Promise<void> {
    const due = late.filter((effect) => effect.dueIndex <= uptoIndex);
    late = late.filter((effect) => effect.dueIndex > uptoIndex);
    for (const { effect } of due) await effect();
  }

  function begin({ operation, keys }: BackendRequest): { index: number; fault: Fault | undefined } {
    const request = { index: started++, operation, keys };
    const fault = decide(request);
    if (fault === undefined) return { index: request.index, fault };
    if (!canStrike(fault, operation)) {
      throw new TrunksError("INVALID_ARGUMENT", `a ${operation} cannot suffer the fault "${fault.kind}"`);
    }
    struck.push({ ...request, fault });
    return { index: request.index, fault };
  }

  /** What `fault` does at one of its moments; comes back when the request is to go on. */
  async function strike(fault: Fault, signal: AbortSignal | undefined): Promise<void> {
    if (fault.kind === "fail") throw fault.error ?? unavailable();
    if (fault.kind === "delay") await clock.sleep(fault.ms, signal);
    if (fault.kind === "hang") await raised(signal);
    if (fault.kind === "crash") {
      if (options.crash === undefined) throw new TrunksError("INVALID_ARGUMENT", "no crash function was given");
      options.crash();
      await raised(undefined);
    }
  }

  const faulty = intercept(backend, {
    async get(request, send) {
      const { index, fault } = begin(request);
      await settle(index);
      if (fault) await strike(fault, request.signal);
      const content = await send(request.signal);
      return content && fault?.kind === "cut" ? cut(content, fault.afterBytes) : content;
    },
    async call(request, send) {
      const { index, fault } = begin(request);
      await settle(index);
      if (fault === undefined) return await send(request.signal);
      if (fault.kind === "late-effect") {
        late.push({ dueIndex: index + (fault.afterRequests ?? Infinity), effect: () => send(undefined) });
        throw outcomeUnknown();
      }
      const before = request.operation === "list" || ("when" in fault && fault.when === "before");
      if (before) await strike(fault, request.signal);
      const answer = await send(request.signal);
      if (!before) await strike(fault, request.signal);
      if (fault.kind === "lost-answer") throw outcomeUnknown();
      if (fault.kind !== "duplicate") return answer;
      const second = await send(request.signal);
      return fault.answer === "second" ? second : answer;
    },
  });
  return {
    ...faulty,
    struck,
    settle: () => settle(Infinity),
    async close() {
      await settle(Infinity);
      await backend.close();
    },
  };
}

function cut(content: Content, afterBytes: number): Content {
  async function* part(): AsyncGenerator<Uint8Array> {
    let left = afterBytes;
    for await (const chunk of content) {
      if (left > 0) yield chunk.subarray(0, left);
      left -= chunk.length;
      if (left <= 0) throw unavailable();
    }
  }
  return { ...streamContent(part(), content.size, content.totalSize), cancel: () => content.cancel() };
}

function raised(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(abortedError(signal));
    signal?.addEventListener("abort", () => reject(abortedError(signal)), { once: true });
  });
}

function unavailable(): TrunksError {
  return new TrunksError("UNAVAILABLE", "a fault on purpose", { retryable: true });
}

function outcomeUnknown(): TrunksError {
  return new TrunksError("OUTCOME_UNKNOWN", "the answer was lost on purpose");
}
