-- POST /v1/invites with a new participant on every request.
-- Environment: API_KEY (required), MINT_PATH (default /v1/invites); COLLECT, a file that gets the bodies of the answers
-- (optional).
local path = os.getenv("MINT_PATH") or "/v1/invites"
local n = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("API_KEY")
local collect = os.getenv("COLLECT")
function init()
  if collect then
    local file = assert(io.open(collect, "w"))
    file:setvbuf("full", 65536)
    response = function(status, _, body)
      if status < 300 then file:write(body, "\n") end
    end
  end
end
function request()
  n = n + 1
  return wrk.format(nil, path, nil,
    '{"campaign_id":"cmp_01J9Z6V8Q2","participant_email":"participant' .. n .. '@example.com"}')
end
