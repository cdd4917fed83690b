-- Asks the token service about each request, for haproxy.cfg beside this file (HAProxy 2.6 or later).
--
-- It wants the site's origin in txn.site. On a good token it leaves the variables txn.token_workspace, _environment,
-- _campaign, _subject and _session, and _nonce where the client should take a newer one. Otherwise it
-- answers by itself: with the service's 401, or with 503 where the service does not answer as it should. The caller
-- denies every request without these variables, so an error in here refuses too.

-- Longer than those of the section token_service in haproxy.cfg, which decide.
local TIMEOUT_MS = 5000
local NAMES = { "workspace", "environment", "campaign", "subject", "session" }
local UNAVAILABLE = '{"error":{"code":"unavailable","message":"The token could not be checked.","status":503}}'

-- The values of one field as a list from 1, which is how the client takes them; nil where there is none.
local function values(fields, name)
    local found = fields[name]
    if found == nil then return nil end
    local list = {}
    for index = 0, #found do list[#list + 1] = found[index] end
    return list
end

local function refuse(txn, status, headers, body)
    local reply = txn:reply({ status = status })
    reply:add_header("content-type", "application/json")
    reply:add_header("cache-control", "no-store")
    for name, value in pairs(headers) do reply:add_header(name, value) end
    reply:set_body(body)
    txn:done(reply)
end

core.register_action("forward_auth", { "http-req" }, function(txn, socket, target)
    local fields = txn.http:req_get_headers()
    -- Nothing else: neither cookies nor the body are the service's business.
    local headers = { authorization = values(fields, "authorization"), origin = values(fields, "origin") }
    local origin = txn:get_var("txn.site_origin")
    if origin ~= nil then headers.origin = { origin } end

    -- A bound token comes with a proof, which is about the request that the browser made.
    headers.dpop = values(fields, "dpop")
    local scheme, host = txn:get_var("txn.site"):match("^(%a+)://(.+)$")
    headers["x-forwarded-method"] = { txn.sf:method() }
    headers["x-forwarded-proto"] = { scheme }
    headers["x-forwarded-host"] = { host }
    headers["x-forwarded-uri"] = { txn.sf:pathq() }

    local answer = core.httpclient():get({
        url = "http://127.0.0.1" .. target,
        dst = socket,
        headers = headers,
        timeout = TIMEOUT_MS,
    })
    local status = answer and answer.status
    local function first(name)
        local found = answer.headers and answer.headers[name]
        return found and (found[0] or found[1])
    end

    if status == 401 then
        return refuse(txn, 401, {
            ["request-id"] = first("request-id"),
            ["www-authenticate"] = first("www-authenticate"),
            ["dpop-nonce"] = first("dpop-nonce"),
        }, answer.body or "")
    end
    if status ~= 204 then return refuse(txn, 503, { ["retry-after"] = "1" }, UNAVAILABLE) end
    for _, name in ipairs(NAMES) do
        local value = first("x-token-" .. name)
        if value == nil then return refuse(txn, 503, { ["retry-after"] = "1" }, UNAVAILABLE) end
        txn:set_var("txn.token_" .. name, value)
    end
    local nonce = first("dpop-nonce")
    if nonce ~= nil then txn:set_var("txn.token_nonce", nonce) end
end, 2)
