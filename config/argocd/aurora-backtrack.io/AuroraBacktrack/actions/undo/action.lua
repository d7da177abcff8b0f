-- Creates an AuroraBacktrack that goes forward again. It is suspended: it shows its plan, and starts with the action start, or
-- with the approval that the AuroraCluster requires. Being owned by the object, it is shown below it and is not pruned.
local record = obj.status and obj.status.backtrack
if record == nil or record.status ~= "completed" or record.backtrackedFrom == nil then
  error("RDS shows no completed backtrack of this object that could be undone", 0)
end

local undo = {
  apiVersion = obj.apiVersion,
  kind = obj.kind,
  metadata = {
    name = obj.metadata.name .. "-undo",
    namespace = obj.metadata.namespace,
    ownerReferences = {
      { apiVersion = obj.apiVersion, kind = obj.kind, name = obj.metadata.name, uid = obj.metadata.uid },
    },
  },
  spec = {
    clusterRef = { name = obj.spec.clusterRef.name },
    backtrackTo = record.backtrackedFrom,
    suspend = true,
  },
}
-- What had to be forced on the way back has to be forced on the way forward.
if obj.spec.force then
  undo.spec.force = true
end

return { { operation = "create", resource = undo } }
