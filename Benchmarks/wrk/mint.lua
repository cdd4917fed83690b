-- POST /v1/invites with a new participant on every request.
-- Environment: API_KEY (required), MINT_PATH (default /v1/invites).
local path = os.getenv("MINT_PATH") or "/v1/invites"
local n = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("API_KEY")
function request()
  n = n + 1
  return wrk.format(nil, path, nil,
    '{"campaign_id":"cmp_01J9Z6V8Q2","participant_email":"participant' .. n .. '@example.com"}')
end
