/** Whether a host name can only mean this machine, so that plain http to it cannot be listened to on the way. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
