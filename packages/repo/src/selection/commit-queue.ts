import type { CommitNode } from "./history-graph.ts";

/** Commits, of which the youngest comes first. A binary heap. */
export class CommitQueue {
  readonly #heap: CommitNode[] = [];

  add(commit: CommitNode): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(commit);
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      if ((heap[parent] as CommitNode).timeSeconds >= commit.timeSeconds) break;
      heap[place] = heap[parent] as CommitNode;
      place = parent;
    }
    heap[place] = commit;
  }

  take(): CommitNode | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return first;
    let place = 0;
    for (let child = 1; child < heap.length; child = 2 * place + 1) {
      const right = heap[child + 1];
      if (right !== undefined && right.timeSeconds > (heap[child] as CommitNode).timeSeconds) child++;
      if ((heap[child] as CommitNode).timeSeconds <= last.timeSeconds) break;
      heap[place] = heap[child] as CommitNode;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}
