/** Orders of customers from many countries, with amounts in the minor unit of each currency. */

/** Three in five names or notes are not plain ASCII, evenly spread: any eight in a row hold at least four. */
const CUSTOMERS = [
  { country: "SN", currency: "XOF", name: "Aïssatou Diallo", note: "Livraison à Médina" },
  { country: "US", currency: "USD", name: "Grace Miller", note: "Leave at the door" },
  { country: "FR", currency: "EUR", name: "Chloé Lefèvre", note: "Étage 3, à gauche" },
  { country: "GB", currency: "GBP", name: "Oliver Smith", note: "Ring twice" },
  { country: "JP", currency: "JPY", name: "佐藤 陽菜", note: "午前中" },
  { country: "PL", currency: "PLN", name: "Łukasz Wójcik", note: "Proszę dzwonić" },
  { country: "KE", currency: "KES", name: "Wanjiru Kamau", note: "Call on arrival" },
  { country: "DE", currency: "EUR", name: "Jürgen Groß", note: "Straße im Hinterhof" },
  { country: "US", currency: "USD", name: "Daniel Brown", note: "" },
  { country: "TR", currency: "TRY", name: "Şule Yıldız", note: "Öğleden sonra" },
  { country: "CI", currency: "XOF", name: "N’Guessan Kouamé", note: "Près du marché" },
  { country: "NL", currency: "EUR", name: "Sanne de Vries", note: "Bij de buren" },
  { country: "EG", currency: "EGP", name: "فاطمة حسن", note: "الدور الثاني" },
  { country: "GB", currency: "GBP", name: "Emily Jones", note: "Gift wrap" },
  { country: "BR", currency: "BRL", name: "João Gonçalves", note: "Portão azul" },
  { country: "CZ", currency: "CZK", name: "Tomáš Dvořák", note: "Zvoňte" },
  { country: "NG", currency: "NGN", name: "Chinedu Okafor", note: "Gate B" },
  { country: "KR", currency: "KRW", name: "김민지", note: "경비실" },
  { country: "ZA", currency: "ZAR", name: "Thandi Nkosi", note: "Side entrance" },
  { country: "VN", currency: "VND", name: "Nguyễn Thị Hương", note: "Gọi trước" },
];

const WHOLE_UNITS = new Set(["XOF", "JPY", "KRW", "VND"]);

export function createOrders(lastNumber) {
  let number = lastNumber;
  let turn = Math.floor(Math.random() * CUSTOMERS.length);
  return {
    /** @param {string} markets country codes, comma-separated; empty for all */
    next(markets) {
      const wanted = new Set(
        String(markets)
          .split(",")
          .map((code) => code.trim())
          .filter(Boolean),
      );
      const open = CUSTOMERS.filter(({ country }) => wanted.size === 0 || wanted.has(country));
      const from = open.length > 0 ? open : CUSTOMERS;
      const customer = from[turn % from.length];
      turn += 1;
      number += 1;
      const amount = 500 + Math.floor(Math.random() * 24_500);
      return {
        number,
        at: new Date().toISOString(),
        customer: { name: customer.name, country: customer.country },
        note: customer.note,
        amount_minor: WHOLE_UNITS.has(customer.currency) ? amount * 10 : amount,
        currency: customer.currency,
      };
    },
  };
}
