/**
 * ISO 4217 (list one): currency code → digits of its minor unit. Metals, testing codes and others without a minor
 * unit (XAU, XDR, XTS, XXX …) are left out: nobody settles charging sessions in them. BGN, replaced by the euro in
 * 2026, stays for older sessions.
 */
export const currencies: ReadonlyMap<string, number> = new Map([
  ...codes(
    0,
    `
    BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF`,
  ),
  ...codes(
    2,
    `
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN
    BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN
    ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD
    KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR
    MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON
    RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT
    TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG`,
  ),
  ...codes(
    3,
    `
    BHD IQD JOD KWD LYD OMR TND`,
  ),
  ...codes(
    4,
    `
    CLF UYW`,
  ),
])

function codes(digits: number, list: string): [string, number][] {
  return list
    .trim()
    .split(/\s+/)
    .map((code) => [code, digits])
}
