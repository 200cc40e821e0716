// The requirements that OCPI makes of a hub, numbered once and for all: literal (L) or derived (D) from the specification.
// A test carries the number and the sentence as its name: requirement(67). See test/helpers/coverage.ts.

export type Requirement = {
  n: number
  level: 'MUST' | 'SHOULD' | 'MAY'
  source: 'L' | 'D'
  sentence: string
  /** Where the specification says so: TF transport_and_format, SC status_codes, CR credentials, VI versions, HCI, … */
  ref: string
}

/** `n|level|source|sentence|reference`, one a line. */
const LINES = `
1|MUST|L|Invalid JSON body ⇒ HTTP 400 with OCPI envelope|SC intro; TF#response_format
2|MUST|L|Authenticated+authorised request with valid JSON to an existing resource never gets an HTTP error; OCPI code in HTTP 200/201|SC intro
3|SHOULD|L|GET of a non-existing object ⇒ HTTP 404|SC intro
4|SHOULD|L|PUT/POST creating an object ⇒ 201; updating ⇒ 200|SC intro
5|MUST|L|Every response body has status_code (int) and timestamp; data array for list endpoints, object for single|TF#response_format
6|SHOULD|L|Leave data unset where unspecified (e.g. PUT Session); accept any/absent data from peers|TF#response_format NOTE
7|MUST|L|Content-Type application/json on POST/PUT/PATCH sent by hub|TF#request_format
8|MUST|D|Accept Content-Type with charset parameter and requests without Content-Type on GET/DELETE|TF#request_format
9|MUST|L|(2.3.0) Do not reject payloads containing undocumented fields|TF Non-specified JSON fields
10|MUST|D|Forward undocumented fields unchanged on same-version direct routes|TF Non-specified JSON fields
11|MUST|D|(2.3.0) Accept unknown values for OpenEnum types|TY#openenum_type
12|MUST|L|Emit DateTime in UTC with allowed RFC3339 patterns; accept no-designator as UTC and fractional seconds|TY#datetime_type
13|MUST|D|Reject/normalise offsets such as +02:00 (only UTC allowed); +00:00 not emitted|TY#datetime_type
14|MUST|L|Treat null and omitted alike for ? and *; [] alike for *|TE#cardinality
15|MUST|L|+ lists contain at least one element|TE#cardinality
16|MUST|L|HTTP header names matched case-insensitively|TF#message_routing NOTE
17|MUST|L|CiString ids/party ids compared case-insensitively|TY#cistring_type
18|MUST|L|string values/enums compared case-sensitively|TY#string_type
19|MUST|L|Custom 19xx/29xx/39xx/49xx codes never used on standard modules|SC intro
20|SHOULD|L|Process the valid objects of a list that also contains invalid ones|TF#get
21|MUST|L|Missing Authorization header ⇒ HTTP 401|TF#authorization_header
22|MUST|L|Unknown credentials token ⇒ HTTP 401|TF#authorization_header
23|MUST|L|TOKEN_A on any module other than versions/credentials ⇒ 401|TF#authorization_header
24|MUST|L|2.2.1/2.3.0 outgoing header = "Token " + RFC4648 base64(utf8(token))|TF#authorization_header
25|MUST|D|2.1.1 outgoing header = "Token " + raw token|211 transport_and_format Request format
26|SHOULD|L|Support non-encoding 2.2/2.1.1 peers by flag or trial|TF#authorization_header NOTE
27|SHOULD|D|Trim trailing newline after base64 decoding|spec header examples
28|MUST|L|Generated tokens ≤64 chars, U+0021–U+007E|CR#credentials_object
29|MUST|L|Tokens unique per client platform|TF#authorization_header
30|MUST|D|FROM party must be a role of the authenticated platform; else refuse|GH#509; CR#credentials_object
31|SHOULD|L|Credentials tokens renewed at least monthly|CR#updating_the_credentials_and_resetting_the_token
32|MUST|L|On suspected compromise hub initiates PUT credentials ASAP|CR#updating_the_credentials_and_resetting_the_token
33|MUST|L|versions and version details endpoints implemented and authenticated|VI; TF#authorization_header
34|MUST|L|Version details list identifier, role, url for each endpoint (2.2+)|VI#endpoint_class
35|MUST|D|Hub lists SENDER and RECEIVER of each functional module it routes|TE typical roles table (Both)
36|SHOULD|L|credentials endpoint listed once with role SENDER; peer's role ignored|VI#endpoint_class NOTE
37|MUST|D|2.1.1 details contain no role and only the side-specific modules|211 version_information_endpoint
38|MUST|L|POST credentials: before answering, fetch client versions and details with token B|CR#registration; #post_method
39|MUST|L|Version negotiated = version of the credentials endpoint used|registration-sequence
40|SHOULD|L|Client API unusable during registration ⇒ 3001|CR#errors_during_registration
41|SHOULD|L|Expected endpoints missing ⇒ 3003|CR#required_endpoints_not_available
42|SHOULD|D|Client does not offer that version ⇒ 3002|SC#3xxx_server_errors
43|SHOULD|L|As initiator: missing endpoints ⇒ no POST, alert operator|CR#required_endpoints_not_available
44|MUST|L|Successful POST returns own Credentials with new token C|CR#post_method
45|MUST|L|TOKEN_A invalid after registration|CR#registration
46|MUST|L|POST when already registered ⇒ 405|CR#post_method
47|MUST|L|PUT when not registered ⇒ 405|CR#put_method
48|MUST|L|DELETE when not registered ⇒ 405|CR#delete_method
49|MUST|L|PUT re-fetches endpoints even if version unchanged and returns a new token|CR#put_method
50|MUST|L|PUT on another version's endpoint switches the connection to that version|CR#put_method
51|MUST|L|DELETE stops all automated communication with that platform|CR#delete_method
52|MUST|D|After DELETE the party is reported not CONNECTED to others and its token gives 401|HCI; TF#authorization_header
53|MUST|L|GET credentials returns the Credentials object for that client|CR#get_method
54|MUST|L|roles: ≥1, unique (role,party_id,country_code), business_details present|CR#credentials_object
55|MUST|L|2.2.1: hub reports only role HUB, not connected parties|221 CR#credentials_object
56|MUST|L|2.2.1: connected parties reported through HubClientInfo|221 CR#credentials_object
57|MUST|L|2.3.0: hub_party_id = cc+pid (5 chars)|CR#credentials_object
58|SHOULD|L|2.3.0: reachable parties listed in roles|CR#credentials_object NOTE
59|MUST|D|2.3.0: role HUB never sent|TY#role_enum
60|SHOULD|D|2.3.0: reachable-party change ⇒ PUT credentials to 2.3.0 peers|CR#credentials_object NOTE
61|MUST|L|No routing headers sent on versions/credentials/hubclientinfo|TF#message_routing
62|MUST|D|Routing headers received on configuration modules do not cause routing|TF#message_routing
63|MUST|L|All four headers supported on requests and responses of functional modules|TF#message_routing
64|MUST|L|Direct: forwarded request keeps TO=V FROM=R|TF Party to Party via Hub
65|MUST|L|Direct: response to requester has TO=R FROM=V|TF Party to Party via Hub
66|MUST|D|Hub sets response routing headers if the receiver omitted them|TF Party to Party via Hub
67|MUST|L|Unknown TO ⇒ 4001|SC#4xxx_hub_errors
68|MUST|L|Forward timed out ⇒ 4002|SC#4xxx_hub_errors
69|MUST|L|Receiver not connected / connection failure ⇒ 4003|SC#4xxx_hub_errors
70|MUST|L|Other routing failure ⇒ 4000|SC#4xxx_hub_errors
71|MUST|L|Receiver's 2xxx/3xxx forwarded to requester unchanged (non-broadcast)|SC#4xxx_hub_errors
72|MUST|D|Hub errors are HTTP 200 + OCPI code|SC intro
73|MUST|D|Receiver's 401/403 towards the hub is not relayed as 401|TF#authorization_header
74|MUST|D|Module/interface missing at receiver ⇒ 4000, request not sent|SC#4xxx_hub_errors
75|MUST|L|Broadcast: TO=hub with POST/PUT/PATCH fans out to opposite roles implementing the Receiver interface|TF#message_routing_broadcast_push
76|MUST|L|Broadcast: sender gets immediate response from hub with TO=sender|TF#message_routing_broadcast_push; sd_put_boardcast
77|MAY|L|Broadcast response FROM=hub may be omitted|TF#message_routing_broadcast_push
78|MUST|L|Broadcast: outgoing TO=receiver FROM=hub|TF Party to Party Broadcast Push
79|MUST|L|Broadcast: URL cc/pid remain the original owner's|TF#message_routing_broadcast_push NOTE
80|MUST|L|Broadcast: individual receiver errors not returned to the sender|SC#4xxx_hub_errors
81|MUST|L|GET never treated as broadcast|TF#message_routing_broadcast_push
82|MUST|L|CPO broadcast reaches EMSP, NSP and OTHER|TF#message_routing_broadcast_push
83|MUST|L|EMSP broadcast reaches CPOs|TF#message_routing_broadcast_push
84|MUST|L|OTHER broadcast reaches CPOs only|TF#message_routing_broadcast_push
85|MUST|D|Sender's own platform excluded from its broadcast|TF#message_routing_broadcast_push
86|SHOULD|D|Broadcast of CDRs/Sessions refused|TF#message_routing_broadcast_push
87|MUST|D|Parties without visibility/contract excluded from fan-out|HCI intro
88|MUST|L|Open routing (no TO): hub determines receiver, sets TO, keeps FROM|TF#message_routing_open_routing_request
89|MAY|L|Undeterminable open routing push is broadcast|TF#message_routing_open_routing_request
90|MUST|D|GET list without TO is not open-routed (needs GET ALL) ⇒ 2001|TF#message_routing_open_routing_request (Not GET ALL)
91|MUST|D|CDR/Session without TO routed by cdr_token.country_code/party_id|CDR#cdr_token_object
92|MUST|D|Session PATCH without TO routed by stored session owner|SES#patch_method
93|MUST|D|Ambiguous location_id/session_id across CPOs not guessed|LOC#location_object (unique per CPO)
94|MAY|L|GET ALL: hub merges objects from several parties|TF#get_all_via_hubs
95|MUST|L|GET ALL response TO=requester FROM=hub|TF GET All via Hubs table
96|MUST|D|GET ALL returns only objects the requester may see; objects pushed direct to others not included|TF#get; GH#507
97|MUST|D|GET ALL objects carry owner country_code/party_id (2.2+)|TF#client_owned_object_pull
98|MUST|L|Two hubs: TO/FROM unchanged over both hops|sd_put_2_hubs
99|SHOULD|D|Loop protection: never route back to the arriving platform|–
100|MUST|L|last_updated never modified while routing|TF Timestamps and Objects send via Hubs
101|SHOULD|L|No queueing / later retry of failed POST/PUT/PATCH|TF#offline_behaviour
102|MUST|D|No requests forwarded to OFFLINE/PLANNED/SUSPENDED parties|HCI scenarios
103|MUST|L|Response echoes X-Request-ID of that hop|TF#unique_messageg_ids
104|MUST|L|Response echoes X-Correlation-ID|TF#unique_messageg_ids
105|MUST|L|Forwarded request has a new X-Request-ID|TF#unique_messageg_ids
106|MUST|L|Forwarded request keeps X-Correlation-ID|TF#unique_messageg_ids
107|MUST|D|Each broadcast leg has its own X-Request-ID and the shared X-Correlation-ID|TF#unique_messageg_ids
108|MUST|L|Hub-originated requests (HCI, versions, credentials) carry both ids|TF#unique_messageg_ids
109|SHOULD|L|UUIDs used|TF#unique_messageg_ids
110|SHOULD|D|Missing ids from 2.2.1 peers tolerated (generate) and logged|TF#unique_messageg_ids
111|MUST|L|offset default 0, limit honoured as maximum|TF#paginated_request
112|MUST|L|date_from inclusive, date_to exclusive on last_updated|TF#paginated_request
113|MUST|L|Link rel=next present iff not last page, keeping filters|TF#paginated_response
114|MUST|L|X-Total-Count = filtered total visible to client|TF#paginated_response
115|MUST|L|X-Limit = server maximum even if fewer returned|TF#paginated_response
116|SHOULD|L|Oldest-first stable order|TF#paginated_response
117|MUST|D|Upstream Link rewritten to a hub URL and resolvable with the same TO/FROM|TF#paginated_response
118|MUST|D|Rewritten Link bound to requester and receiver parties|TF#message_routing
119|MUST|D|Re-requesting the same rewritten page works (idempotent)|TF#paginated_response
120|MUST|D|Upstream X-Total-Count and X-Limit passed through|TF#paginated_response
121|MUST|L|date_from required on Sessions Sender GET (refusal code 2001 is derived)|SES#cpo_get_request_parameters
122|MUST|L|URL cc/pid equal body cc/pid on PUT (refusal code 2001 is derived)|LOC/SES/TAR/TOK PUT params
123|SHOULD|L|URL object id ≠ body id ⇒ 2001|TF#errors
124|MAY|L|Foreign cc/pid path ⇒ HTTP 404|TF#errors
125|MUST|L|PATCH without last_updated (Locations, Sessions, Tokens) ⇒ 2001|SC#2xxx_client_errors; module PATCH
126|MUST|L|PUT is full replace: absent optionals reset|TF#put
127|MUST|L|PATCH leaves absent fields unchanged|TF#patch
128|MUST|L|EVSE/Connector PUT/PATCH bumps parent last_updated in stored copy|LOC#put_method; #patch_method
129|MUST|L|Locations GET with date window returns Location when only EVSE/Connector changed|LOC#get_list_request_parameters
130|MUST|L|POST/DELETE on Locations, Sessions, Tokens receiver not supported|module tables
131|MUST|L|REMOVED EVSEs kept, not deleted|LOC#flow_and_lifecycle
132|MUST|D|publish=false locations never sent to 2.1.1 peers (they cannot express it); SHALL-not-show rule itself is literal|LOC#location_object
133|MUST|L|Tariff DELETE supported; Tariff PATCH rejected (2.2+)|TAR#emsp_interface
134|MUST|L|Session PUT replaces charging_periods incl. removal|SES#msp_put_method
135|MUST|L|Session PATCH appends charging_periods; empty/omitted ⇒ no change|SES#patch_method
136|MUST|L|Session sub-object PATCH URLs refused|SES#patch_method
137|MUST|L|Token key includes type; ?type defaults to RFID|TOK#cpo_interface
138|SHOULD|L|charging_preferences on incapable EVSE ⇒ HTTP 404 + 2001 relayed|SES#charging_preferences_response_enum
139|MUST|L|Authorize unknown token ⇒ HTTP 404 + 2004 without data|TOK#post_method; #post_response_data
140|MUST|L|Authorize with too little info ⇒ 2002|TOK#post_method
141|MUST|L|BLOCKED/EXPIRED/NO_CREDIT/NOT_ALLOWED are HTTP 200 + 1000|TOK#authorizationinfo_object; GH#528
142|MUST|D|Hub never fabricates ALLOWED on timeout (4002) so ALLOWED_OFFLINE logic works|TOK#whitelisttype_enum
143|MUST|D|authorization_reference relayed unchanged into Session/CDR|SES#session_object
144|MUST|L|PUT/PATCH/DELETE on CDRs not supported|CDR#emsp_interface
145|MUST|L|POST CDR response carries Location header|CDR#response_headers
146|MUST|D|Location rewritten to a hub URL; GET on it returns the same CDR via the eMSP|CDR#msp_get_method
147|MUST|D|Relative Location resolved before mapping|211 mod_cdrs example
148|MUST|D|CDR delivered only to the cdr_token owner|CDR#flow_and_lifecycle
149|MUST|D|Same cc/pid/id posted twice with different content refused (immutable)|CDR#flow_and_lifecycle
150|MUST|L|credit=true requires credit_reference_id; different id; negative total_cost accepted|CDR#credit_cdrs
151|MUST|L|Non-credit CDR id ≤36, credit ≤39|CDR#cdr_object
152|MUST|L|charging_periods ≥1, each ≥1 dimension; session-only dimensions refused in CDRs|CDR#cdrdimensiontype_enum
153|MUST|D|signed_data relayed byte-identical (up to 5000 chars)|CDR#signed_value_class
154|MUST|D|Amounts relayed without re-rounding or float loss|TAR#tariff_object NOTE; TY#number_type
155|MAY|L|CDR for unpublished (home) location accepted|CDR#flow_and_lifecycle
156|MAY|L|CDR GET returns only relevant CDRs|CDR#pull_model
157|MUST|D|response_url replaced by hub URL ≤255 chars in body and query variants|CMD; CHP#cpo_get_method; TY#url_type
158|MUST|D|Async result POSTed to the exact original URL with original requester's token|CMD#msp_post_method
159|MUST|D|Callback forwarded with FROM=CPO TO=eMSP and new X-Request-ID|TF#message_routing
160|MUST|D|RESERVE_NOW callback URL accepts a later CANCELED_RESERVATION|CMD#flow
161|MUST|L|CommandResponse contains result and timeout (2.2+)|CMD#commandresponse_object
162|MUST|D|Hub accepts callbacks at least until timeout elapsed (+grace)|CMD#commandresponse_object
163|MUST|D|Callback from a platform other than the addressed CPO refused|TF#authorization_header
164|SHOULD|L|Unknown location relayed as 2003 with CommandResponse REJECTED|SC#2xxx_client_errors; command_unlock_unknow_location
165|SHOULD|D|START_SESSION/RESERVE_NOW token owner must equal FROM party|CMD#startsession_object
166|MUST|L|CHP GET/DELETE carry duration/response_url as query parameters|CHP#cpo_get_method; #cpo_delete_method
167|MUST|L|CHP Sender POST/PUT answered with data omitted|CHP#emsp_interface
168|MUST|D|ActiveChargingProfile PUT routed by TO to the Sender interface|CHP#msp_put_method
169|MUST|L|Sender GET list paginated with date filters|HCI#hub_get
170|MUST|L|PUT to Receiver endpoint on new ClientInfo and on every change|HCI#push_model
171|MUST|L|Removed party ⇒ PUT with status SUSPENDED, never DELETE|HCI#push_model
172|MUST|L|ClientInfo has party_id,country_code,role,status,last_updated|HCI#hub_client_info_object
173|SHOULD|L|Still-alive: no message for X (5) min ⇒ GET versions|HCI Still alive check
174|MUST|D|Still-alive failure ⇒ OFFLINE + push; next success/inbound ⇒ CONNECTED + push|HCI scenarios
175|MUST|D|last_updated changes when status changes (date filter works)|HCI#hub_get
176|SHOULD|D|Only parties the client can communicate with are listed|HCI intro
177|MUST|D|Party with two roles yields two ClientInfo objects|CR#credentials_object
178|MUST|D|Clients without the Receiver endpoint are not pushed|VI
179|MUST|D|2.1.1↔2.2.1 Location rename set (voltage,amperage,tariff_id,type,source) applied, also in PATCH bodies|§3.2
180|MUST|D|2.1.1↔2.2.1 Session/CDR rename set (start_datetime,stop_date_time,auth_id,location) applied|§3.3-3.4
181|MUST|D|CommandResult↔CommandResponse async mapping for 2.1.1|§3.6
182|MUST|D|2.2.1→2.3.0 Tariff gets tax_included NO; PriceLimit mapping|TAR#tariff_object
183|MUST|D|2.3.0→2.2.1 Price mapping before_taxes/taxes → excl_vat/incl_vat|TY#price_class
184|MUST|D|tax_included=YES prices never passed as excl-VAT prices|TAR#taxincluded_enum
185|MUST|D|Tariff elements whose restriction cannot be expressed are dropped whole|§3.5 A9
186|MUST|D|OpenEnum values unknown to the target version mapped or dropped, message stays valid|§3.8
187|MUST|D|2.1.1 PATCH without last_updated is completed before forwarding to 2.2+|§3.1 T23
188|MUST|D|Credit CDR towards 2.1.1 not silently delivered as ordinary CDR|§3.4 C9
189|MUST|L|IRR: POST create; GET/PUT/DELETE by cc/pid/id; PATCH n/a|IRR#receiver_interface
190|MUST|D|IRR routed in both directions (CPO or eMSP as Sender)|IRR#flow_and_lifecycle
191|MUST|D|Payments: terminals activate/deactivate/PUT/PATCH and FAC POST routed|PAY#ptp_interface; #cpo_interface
192|MUST|D|Bookings: POST to Sender, PUT/PATCH to Receiver routed|BOK#cpo_interface; #emsp_interface
`

/** Why a number concerns no hub. */
export const NOT_APPLICABLE: Readonly<Record<number, string>> = {}

/** Where the hub answers otherwise on purpose (README, "Where we differ from OCPI"), and how. */
export const DEVIATIONS: Readonly<Record<number, string>> = {
  2: 'HTTP 503 while PostgreSQL cannot be reached and 429 over a rate limit',
  13: 'a time with an offset is accepted, kept as sent and reported to the sender’s operator',
  15: 'an empty list where one element is needed is accepted, kept as sent and reported',
  99: 'what a party addresses to another party of its own platform goes there; nothing else goes back',
  101: 'CDRs are recorded, answered and delivered with retries, unless the agreement says `relay`',
  151: 'a longer id is accepted, kept as sent and reported',
  152: 'an empty list or a session-only dimension is accepted and reported; the CDR is judged by a finding',
}

const LEVELS = ['MUST', 'SHOULD', 'MAY'] as const

/** All of them, in order. */
export const REQUIREMENTS: readonly Requirement[] = LINES.trim()
  .split('\n')
  .map((line) => {
    const [n = '', level, source, sentence = '', ref = ''] = line.split('|')
    return {
      n: Number(n),
      level: LEVELS.find((each) => each === level) ?? 'MUST',
      source: source === 'L' ? 'L' : 'D',
      sentence,
      ref,
    }
  })

/** The name of a test of requirement `n`; `more` tells apart several tests of one. Throws for an unknown number. */
export function requirement(n: number, more = ''): string {
  const found = REQUIREMENTS.find((each) => each.n === n)
  if (!found) throw new Error(`there is no requirement ${n}`)
  return `${n}. ${found.sentence}${more === '' ? '' : ` – ${more}`}`
}
