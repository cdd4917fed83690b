-- POST /v1/widget/sessions, each invite token once.
-- Environment: TOKENS, a file with one invite token a line (required), with a DPoP proof behind a blank where the session
-- is to be bound; more tokens than requests will be sent. COLLECT, a file that gets the bodies of the answers (optional).
local requests, i = {}, 0
wrk.method = "POST"
function init()
  for line in io.lines(os.getenv("TOKENS")) do
    local token, proof = line:match("^(%S+) ?(%S*)$")
    local fields = { ["Content-Type"] = "application/json" }
    if proof ~= "" then fields["DPoP"] = proof end
    requests[#requests + 1] = wrk.format(nil, "/v1/widget/sessions", fields, '{"invite_token":"' .. token .. '"}')
  end
  local collect = os.getenv("COLLECT")
  if collect then
    local file = assert(io.open(collect, "w"))
    file:setvbuf("full", 65536)
    response = function(status, _, body)
      if status < 300 then file:write(body, "\n") end
    end
  end
end
function request()
  i = i + 1
  return requests[i] or requests[#requests]
end
