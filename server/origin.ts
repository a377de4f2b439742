/**
 * Where connections come from, for limits by address. Pure.
 *
 * @module
 */

/**
 * What counts as one origin: an IPv4 address, also where it is written as an IPv6 one, or the /64 of an IPv6 address,
 * for whoever has one of these has all of it. Addresses of other transports stand for themselves.
 *
 * @param address As a link says it: `192.0.2.1:9000`, `[2001:db8::1]:9000`
 *
 * @example
 * ```ts
 * originOf("[::ffff:192.0.2.1]:9000"); // "192.0.2.1"
 * originOf("[2001:db8:1:2::3]:9000"); // "2001:db8:1:2::/64"
 * ```
 */
export function originOf(address: string): string {
  const [, six, four] = address.match(/^(?:\[([^\]]*)\]|(\d+\.\d+\.\d+\.\d+)):\d+$/) ?? [];
  if (four !== undefined) return four;
  if (six === undefined) return address;
  const [, mapped] = six.match(/^::ffff:(\d+\.\d+\.\d+\.\d+)$/i) ?? [];
  if (mapped !== undefined) return mapped;
  const groups = groupsOf(six);
  if (!groups) return address;
  const [high, low] = groups.slice(6);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return [high >> 8, high & 255, low >> 8, low & 255].join(".");
  }
  return `${groups.slice(0, 4).map((group) => group.toString(16)).join(":")}::/64`;
}

/** The eight groups of an IPv6 address, if it is one in hexadecimal. */
function groupsOf(text: string): number[] | undefined {
  const halves = text.split("%", 1)[0].split("::").map((half) => half === "" ? [] : half.split(":"));
  const [head, tail = []] = halves;
  const missing = 8 - head.length - tail.length;
  if (halves.length > 2 || (halves.length === 1 ? missing !== 0 : missing < 1)) return undefined;
  const groups = [...head, ...Array<string>(missing).fill("0"), ...tail];
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
    ? groups.map((group) => parseInt(group, 16))
    : undefined;
}
