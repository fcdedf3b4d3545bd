const TIME = /^([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z$/;

/**
 * A time of the protocol, `20260115T120000Z`, in milliseconds since 1970, or null (Ucam-WebAuth V4.1, `issue`). It must
 * exist: 30 February and a second 60 are refused where JavaScript would count on.
 */
export function parseTime(text: string): number | null {
  const parts = TIME.exec(text);
  if (parts === null) return null;
  const [, year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  if (minute > 59 || second > 59) return null;
  const at = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // Also false for an hour 24, which is on another day, and for years up to 99, which JavaScript takes for 1900 and on.
  const exists = at.getUTCFullYear() === year && at.getUTCMonth() === month - 1 && at.getUTCDate() === day;
  return exists ? at.getTime() : null;
}

/** Milliseconds since 1970 as a time of the protocol; empty for what no four-digit year holds. */
export function formatTime(at: number): string {
  const date = new Date(at);
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) return '';
  return date.toISOString().replace(/[-:]|\.\d+/g, '');
}
