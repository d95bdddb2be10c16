import { type Backend, type ByteRange, type ErrorCode, isTrunksError, type Operation } from "@trunks/core";
import { systemClock } from "./clock.ts";
import { type BackendRequest, intercept } from "./intercept.ts";
import { watchContent } from "./watch-content.ts";

export interface TracedRequest {
  readonly operation: Operation;
  /** The key; for a list the prefix, for a delete its keys with blanks between. */
  readonly key: string;
  readonly range?: ByteRange;
  /** Size of the body that was to be written. */
  readonly bytesUp: number;
  /** How much of the body reached the reader. */
  readonly bytesDown: number;
  readonly outcome: TracedOutcome;
  /** Place in the order of starts, from 0. */
  readonly order: number;
  /** One more than the greatest depth of the requests that had completed when this one started: round trips in a row. */
  readonly depth: number;
  /** From start to completion, in milliseconds; 0 while it is under way. */
  readonly elapsedMs: number;
}

/** What became of a request: `open` until its answer is there and, for a get, its body was read or given up. */
export type TracedOutcome = "open" | "found" | "absent" | "cancelled" | "created" | "taken" | "done" | ErrorCode;

export interface TraceSummary {
  readonly requests: number;
  readonly operations: Readonly<Record<Operation, number>>;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** The longest chain of requests that waited for one another. */
  readonly depth: number;
}

export interface TraceOptions {
  /** Called when a request completes, with a line for people: `get journal/0001: found, 512 B down, 25 ms`. */
  readonly sink?: (line: string, request: TracedRequest) => void;
  /** So many requests are remembered, the newest; the summary counts all. Default 10,000. */
  readonly keepRequests?: number;
  /** Milliseconds since some fixed moment. Default: the system's clock. */
  readonly now?: () => number;
}

export interface TracedBackend extends Backend {
  /** In the order in which they started. */
  readonly requests: readonly TracedRequest[];
  /** `["get journal/0001", "get pack [0,16)"]`: the requests' names, for a test to hold beside the list that it expects. */
  names(): string[];
  summary(): TraceSummary;
  /** Forgets everything, depth included. Requests that are still open are not counted afterwards. */
  reset(): void;
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** Records every request, counts them, and measures how many waited for one another. */
export function trace(backend: Backend, options: TraceOptions = {}): TracedBackend {
  const { sink, keepRequests = 10_000, now = systemClock.now } = options;
  let state = emptyState();

  function begin(request: BackendRequest) {
    const inState = state;
    const startedMs = now();
    const traced: Mutable<TracedRequest> = {
      operation: request.operation,
      key: request.keys.join(" "),
      ...(request.range && { range: request.range }),
      bytesUp: request.bodyBytes,
      bytesDown: 0,
      outcome: "open",
      order: inState.started++,
      depth: inState.completedDepth + 1,
      elapsedMs: 0,
    };
    inState.requests.push(traced);
    inState.operations[traced.operation] += 1;
    inState.bytesUp += traced.bytesUp;
    inState.depth = Math.max(inState.depth, traced.depth);
    // Cut by halves: taking the first away from a long list each time would be slow.
    if (inState.requests.length > 2 * keepRequests) inState.requests.splice(0, inState.requests.length - keepRequests);
    return {
      received(bytes: number) {
        traced.bytesDown += bytes;
        inState.bytesDown += bytes;
      },
      complete(outcome: TracedOutcome) {
        traced.outcome = outcome;
        traced.elapsedMs = now() - startedMs;
        inState.completedDepth = Math.max(inState.completedDepth, traced.depth);
        sink?.(requestLine(traced), traced);
      },
    };
  }

  const traced = intercept(backend, {
    async call(request, send) {
      const entry = begin(request);
      try {
        const answer = await send(request.signal);
        entry.complete(request.operation !== "create" ? "done" : answer ? "created" : "taken");
        return answer;
      } catch (error) {
        entry.complete(failure(error));
        throw error;
      }
    },
    async get(request, send) {
      const entry = begin(request);
      try {
        const content = await send(request.signal);
        if (content === undefined) {
          entry.complete("absent");
          return undefined;
        }
        return watchContent(content, {
          chunk: (chunk) => entry.received(chunk.length),
          end: (end) => entry.complete(end === "read" ? "found" : end === "cancelled" ? end : failure(end.error)),
        });
      } catch (error) {
        entry.complete(failure(error));
        throw error;
      }
    },
  });
  return {
    ...traced,
    get requests() {
      return state.requests.slice(-keepRequests);
    },
    names: () => state.requests.slice(-keepRequests).map(requestName),
    summary() {
      const { started: requests, operations, bytesUp, bytesDown, depth } = state;
      return { requests, operations: { ...operations }, bytesUp, bytesDown, depth };
    },
    reset() {
      state = emptyState();
    },
  };
}

function emptyState() {
  return {
    requests: [] as TracedRequest[],
    operations: { get: 0, create: 0, put: 0, list: 0, delete: 0 } as Record<Operation, number>,
    started: 0,
    bytesUp: 0,
    bytesDown: 0,
    depth: 0,
    completedDepth: 0,
  };
}

function failure(error: unknown): ErrorCode {
  return isTrunksError(error) ? error.code : "INTERNAL";
}

function requestName({ operation, key, range }: TracedRequest): string {
  const name = key === "" ? operation : `${operation} ${key}`;
  if (range === undefined) return name;
  return "suffix" in range ? `${name} [-${range.suffix}]` : `${name} [${range.start},${range.end ?? ""})`;
}

function requestLine(request: TracedRequest): string {
  const [first, ...others] = request.key.split(" ");
  const name = requestName({ ...request, key: first ?? "" });
  const more = others.length > 0 ? ` and ${others.length} more` : "";
  const up = request.bytesUp > 0 ? `, ${request.bytesUp} B up` : "";
  const down = request.bytesDown > 0 ? `, ${request.bytesDown} B down` : "";
  return `${name}${more}: ${request.outcome}${up}${down}, ${Math.round(request.elapsedMs)} ms`;
}
