/** A heap: whatever comes next in time, first. */
export class Soonest<T> {
  readonly #heap: { readonly atMs: number; readonly of: T }[] = [];

  get size(): number {
    return this.#heap.length;
  }

  peek() {
    return this.#heap[0];
  }

  push(atMs: number, of: T): void {
    const heap = this.#heap;
    let at = heap.push({ atMs, of }) - 1;
    for (let up = (at - 1) >> 1; at > 0 && (heap[up]?.atMs ?? 0) > atMs; up = (at - 1) >> 1) {
      this.#swap(at, up);
      at = up;
    }
  }

  pop(): T | undefined {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    const first = heap.pop();
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const least = [at, left, right].reduce((a, b) =>
        (heap[b]?.atMs ?? Infinity) < (heap[a]?.atMs ?? Infinity) ? b : a,
      );
      if (least === at) return first?.of;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(a: number, b: number): void {
    const [left, right] = [this.#heap[a], this.#heap[b]];
    if (left && right) [this.#heap[a], this.#heap[b]] = [right, left];
  }
}
