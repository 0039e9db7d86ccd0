/** Returns what tells whether one more is allowed in this minute, on this instance. */
export function openAllowance(perMinute: number): (nowMs: number) => boolean {
  let minute = 0;
  let used = 0;
  return (nowMs) => {
    const current = Math.floor(nowMs / 60_000);
    if (current !== minute) {
      minute = current;
      used = 0;
    }
    used += 1;
    return used <= perMinute;
  };
}
