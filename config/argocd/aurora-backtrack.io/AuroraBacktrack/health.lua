-- The status follows kstatus: observedGeneration is -1 until the operator has looked at the object, the conditions Reconciling
-- and Stalled exist only while they are true, and the condition Succeeded sums the object up. Its states and reasons:
-- https://github.com/aurora-backtrack/operator/blob/main/docs/states.md
local hs = { status = "Progressing", message = "Waiting for the operator to look at this AuroraBacktrack" }

if obj.status == nil or obj.status.conditions == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return hs
end

for _, condition in ipairs(obj.status.conditions) do
  if condition.type == "Succeeded" then
    hs.message = condition.message
    if condition.status == "True" then
      hs.status = "Healthy"
    elseif condition.status == "False" then
      hs.status = "Degraded"
    elseif condition.reason == "Suspended" or condition.reason == "ApprovalRequired" then
      hs.status = "Suspended"
    end
  end
end

return hs
