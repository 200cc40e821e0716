/** The specification's files of modules that are not called after them. */
const FILES: Readonly<Record<string, string>> = {
  hubclientinfo: 'mod_hub_client_info',
  chargingprofiles: 'mod_charging_profiles',
  invoicereconciliation: 'mod_invoice_reconciliation',
  Booking: 'mod_bookings',
}

/** The file of a module, without its ending. */
export function fileOf(module: string): string {
  return FILES[module] ?? `mod_${module}`
}
