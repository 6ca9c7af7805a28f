/** The demo fleet: a dozen shops, one merchant each. Three of them run the faulty release and have a story. */

/** What the scenario does to a shop. */
export type Story =
  /** Stays well. */
  | "healthy"
  /** Is on the whitelist: Vigie heals it by itself, with 1.2.3. */
  | "healed"
  /** Gets a hurried manual patch to 1.2.4, which the health check takes back. */
  | "rolled_back"
  /** Gets a manual patch to 1.2.5, which does not boot there: the shop restores itself. */
  | "restored";

export interface DemoShop {
  /** Merchant id, folder name and name of the receiver's endpoint. */
  id: string;
  merchantName: string;
  story: Story;
  /** Version that is installed before the first beat. */
  version: string;
  /** Countries it sells to before the scenario's turn; those names are plain ASCII. */
  markets: string;
  region: string;
}

const ASCII_MARKETS = "US,GB,KE,NG,ZA,NL";
/** Sells everywhere: empty means every market. */
export const EVERY_MARKET = "";

function shop(id: string, merchantName: string, region: string, story: Story = "healthy"): DemoShop {
  const faulty = story !== "healthy";
  return {
    id,
    merchantName,
    story,
    region,
    version: faulty ? "1.2.2" : "1.2.3",
    markets: faulty ? ASCII_MARKETS : EVERY_MARKET,
  };
}

export const ROSTER: readonly DemoShop[] = [
  shop("dakar-textiles", "Dakar Textiles", "sn", "healed"),
  shop("nairobi-coffee", "Nairobi Coffee", "ke", "rolled_back"),
  shop("lagos-records", "Lagos Records", "ng", "restored"),
  shop("abidjan-cocoa", "Abidjan Cocoa", "ci"),
  shop("lyon-bakery", "Lyon Bakery", "fr"),
  shop("berlin-bikes", "Berlin Bikes", "de"),
  shop("osaka-ceramics", "Osaka Ceramics", "jp"),
  shop("gdansk-amber", "Gdansk Amber", "pl"),
  shop("izmir-olives", "Izmir Olives", "tr"),
  shop("recife-hammocks", "Recife Hammocks", "br"),
  shop("hanoi-lacquer", "Hanoi Lacquer", "vn"),
  shop("cairo-spices", "Cairo Spices", "eg"),
];

export function shopOf(story: Story): DemoShop {
  const found = ROSTER.find((entry) => entry.story === story);
  if (!found) throw new Error(`no shop has the story ${story}`);
  return found;
}
