-- GET /v1/widget/session, cycling over many participant tokens.
-- Environment: TOKENS, a file with one token a line (required), with a DPoP proof behind a blank where it is bound; a
-- proof is good once, so there have to be more of those than requests.
local requests, i = {}, 0
function init()
  for line in io.lines(os.getenv("TOKENS")) do
    local token, proof = line:match("^(%S+) ?(%S*)$")
    local fields = { ["Authorization"] = "Bearer " .. token }
    if proof ~= "" then
      fields = { ["Authorization"] = "DPoP " .. token, ["DPoP"] = proof }
    end
    requests[#requests + 1] = wrk.format("GET", "/v1/widget/session", fields)
  end
end
function request()
  i = i % #requests + 1
  return requests[i]
end
