import { describe, expect, it } from "vitest";
import { refusedHost } from "../../src/core/public-address.ts";

/** As a URL parser hands it over, or as it was written: both must be judged alike. */
const REFUSED: readonly string[] = [
  // Loopback, in every notation
  "127.0.0.1",
  "127.1",
  "127.0.1",
  "127.255.255.254",
  "2130706433",
  "0x7f000001",
  "0x7f.1",
  "0x7F.0.0.1",
  "0177.0.0.1",
  "017700000001",
  "127.0.0.1.",
  "localhost",
  "LOCALHOST",
  "localhost.",
  "shop.localhost",
  "localhost.localdomain",
  "[::1]",
  "::1",
  "[0:0:0:0:0:0:0:1]",
  "[0000:0000:0000:0000:0000:0000:0000:0001]",
  // This host
  "0.0.0.0",
  "0",
  "0x0",
  "0.1.2.3",
  "[::]",
  // Private
  "10.0.0.1",
  "10.255.255.255",
  "012.0.0.1",
  "167772161",
  "172.16.0.1",
  "172.31.255.255",
  "0xac100001",
  "192.168.0.1",
  "192.168.1.1.",
  "3232235777",
  "[fc00::1]",
  "[fd12:3456:789a::1]",
  // Carriers, link-local, metadata
  "100.64.0.1",
  "100.127.255.255",
  "169.254.169.254",
  "2852039166",
  "0xA9FEA9FE",
  "0251.0376.0251.0376",
  "169.254.0.0",
  "168.63.129.16",
  "[fd00:ec2::254]",
  "[fe80::1]",
  "[fe80::1%25eth0]",
  "[febf::1]",
  "[fec0::1]",
  "metadata.google.internal",
  "metadata",
  // Special purposes
  "192.0.0.8",
  "192.0.2.1",
  "192.88.99.1",
  "198.18.0.1",
  "198.19.255.255",
  "198.51.100.7",
  "203.0.113.9",
  "224.0.0.1",
  "239.255.255.250",
  "240.0.0.1",
  "255.255.255.255",
  "4294967295",
  "[ff02::1]",
  "[2001:db8::1]",
  "[3fff::1]",
  "[100::1]",
  // IPv4 in an IPv6 coat
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::ffff:10.0.0.1]",
  "[::ffff:a9fe:a9fe]",
  "[::FFFF:192.168.1.1]",
  "[0:0:0:0:0:ffff:c0a8:101]",
  "[::127.0.0.1]",
  "[::ffff:0:127.0.0.1]",
  "[64:ff9b::7f00:1]",
  "[64:ff9b:1::a00:1]",
  "[2002:7f00:1::]",
  "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
  // Local names
  "printer.local",
  "vault.internal",
  "wiki.intranet",
  "nas.lan",
  "router.home",
  "router.home.arpa",
  "1.0.0.127.in-addr.arpa",
  "ad.corp",
  "db.private",
  "shop.test",
  "shop.example",
  "shop.invalid",
  "hidden.onion",
  "redis",
  "kubernetes.default.svc.cluster.local",
  // No address at all
  "",
  ".",
  "256.0.0.1",
  "1.2.3.4.5",
  "1.2.3.08",
  "4294967296",
  "[1:2:3]",
  "[1::2::3]",
  "[12345::1]",
  "[::1.2.3]",
  "shop..com",
  "-shop.com",
  "shop com",
  "shop.com/path",
  "user@shop.com",
  `${"a".repeat(64)}.com`,
  `${"a.".repeat(130)}com`,
];

const ALLOWED: readonly string[] = [
  "shop.com",
  "SHOP.com",
  "shop.com.",
  "www.dakar-textiles.sn",
  "xn--bcher-kva.de",
  "localhost.com",
  "local.shop",
  "internal.shop.com",
  "my-10.0.0.1.shop.com",
  "1password.com",
  "9.9.9.9",
  "8.8.8.8",
  "1.1.1.1",
  "11.0.0.1",
  "100.63.255.255",
  "100.128.0.1",
  "126.255.255.255",
  "128.0.0.1",
  "169.253.255.255",
  "169.255.0.0",
  "172.15.255.255",
  "172.32.0.1",
  "192.167.255.255",
  "192.169.0.1",
  "198.17.255.255",
  "198.20.0.0",
  "223.255.255.255",
  "134744072",
  "[2606:4700::1111]",
  "[2001:4860:4860::8888]",
  "[2a00:1450:4001:81b::200e]",
  "2606:4700::1111",
];

describe("a host that a stranger named", () => {
  it.each(REFUSED)("is refused: %j", (host) => {
    expect(refusedHost(host)).toEqual(expect.any(String));
  });

  it.each(ALLOWED)("is public: %j", (host) => {
    expect(refusedHost(host)).toBeNull();
  });

  it.each(REFUSED.filter((host) => URL.canParse(`http://${host}/`)))(
    "is refused as the URL parser writes %j",
    (host) => {
      const { hostname } = new URL(`http://${host}/`);
      // What the parser takes for a user or a path is no part of the host.
      if (!/[@/]/.test(host)) expect(refusedHost(hostname)).toEqual(expect.any(String));
    },
  );

  it("is refused in words that say what it is", () => {
    expect(refusedHost("169.254.169.254")).toBe("169.254.169.254 is not public (link-local)");
    expect(refusedHost("2130706433")).toBe("127.0.0.1 is not public (loopback)");
    expect(refusedHost("[::ffff:10.0.0.1]")).toContain("IPv4 10.0.0.1 in disguise");
    expect(refusedHost("redis")).toBe("redis is a local name");
  });

  it("is judged right at the edges of every private block, for any address in it", () => {
    for (const [from, to] of [
      ["9.255.255.255", "11.0.0.0"],
      ["126.255.255.255", "128.0.0.0"],
      ["172.15.255.255", "172.32.0.0"],
      ["192.167.255.255", "192.169.0.0"],
    ] as const) {
      expect([refusedHost(from), refusedHost(to)]).toEqual([null, null]);
    }
  });
});
