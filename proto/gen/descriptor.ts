// Original files: proto/xnet/v1/types.proto proto/xnet/v1/node.proto proto/xnet/v1/admin.proto proto/xnet/v1/local.proto

export const descriptor = {
 "nested": {
  "xnet": {
   "nested": {
    "v1": {
     "nested": {
      "Mode": {
       "values": {
        "MODE_UNSPECIFIED": 0,
        "MODE_BIP": 1,
        "MODE_BRIDGE": 2
       }
      },
      "Availability": {
       "values": {
        "AVAILABILITY_UNSPECIFIED": 0,
        "AVAILABILITY_ACTIVE": 1,
        "AVAILABILITY_CORDONED": 2,
        "AVAILABILITY_DRAINING": 3,
        "AVAILABILITY_LEAVING": 4
       }
      },
      "NodeState": {
       "values": {
        "NODE_STATE_UNSPECIFIED": 0,
        "NODE_STATE_PENDING": 1,
        "NODE_STATE_PROGRESSING": 2,
        "NODE_STATE_READY": 3,
        "NODE_STATE_DEGRADED": 4,
        "NODE_STATE_DOWN": 5
       }
      },
      "SubnetState": {
       "values": {
        "SUBNET_STATE_UNSPECIFIED": 0,
        "SUBNET_STATE_LEASED": 1,
        "SUBNET_STATE_RESERVED": 2,
        "SUBNET_STATE_QUARANTINED": 3
       }
      },
      "Condition": {
       "fields": {
        "type": {
         "type": "string",
         "id": 1
        },
        "ok": {
         "type": "bool",
         "id": 2
        },
        "transient": {
         "type": "bool",
         "id": 3
        },
        "reason": {
         "type": "string",
         "id": 4
        },
        "message": {
         "type": "string",
         "id": 5
        },
        "sinceMs": {
         "type": "int64",
         "id": 6
        }
       }
      },
      "RouteCounts": {
       "fields": {
        "desired": {
         "type": "uint32",
         "id": 1
        },
        "installed": {
         "type": "uint32",
         "id": 2
        },
        "conflicting": {
         "type": "uint32",
         "id": 3
        },
        "unreachable": {
         "type": "uint32",
         "id": 4
        }
       }
      },
      "HostNetwork": {
       "fields": {
        "cidr": {
         "type": "string",
         "id": 1
        },
        "source": {
         "type": "string",
         "id": 2
        }
       }
      },
      "Pool": {
       "fields": {
        "name": {
         "type": "string",
         "id": 1
        },
        "cidr": {
         "type": "string",
         "id": 2
        },
        "subnetLength": {
         "type": "uint32",
         "id": 3
        },
        "mode": {
         "type": "Mode",
         "id": 4
        },
        "networkName": {
         "type": "string",
         "id": 5
        },
        "bridgeName": {
         "type": "string",
         "id": 6
        },
        "quarantineSeconds": {
         "type": "uint32",
         "id": 7
        },
        "reservations": {
         "rule": "repeated",
         "type": "Reservation",
         "id": 8
        },
        "createdMs": {
         "type": "int64",
         "id": 9
        },
        "usage": {
         "type": "PoolUsage",
         "id": 10
        }
       }
      },
      "Reservation": {
       "fields": {
        "cidr": {
         "type": "string",
         "id": 1
        },
        "nodeName": {
         "type": "string",
         "id": 2
        },
        "reason": {
         "type": "string",
         "id": 3
        }
       }
      },
      "PoolUsage": {
       "fields": {
        "total": {
         "type": "uint32",
         "id": 1
        },
        "leased": {
         "type": "uint32",
         "id": 2
        },
        "reserved": {
         "type": "uint32",
         "id": 3
        },
        "quarantined": {
         "type": "uint32",
         "id": 4
        },
        "free": {
         "type": "uint32",
         "id": 5
        }
       }
      },
      "Subnet": {
       "fields": {
        "cidr": {
         "type": "string",
         "id": 1
        },
        "pool": {
         "type": "string",
         "id": 2
        },
        "state": {
         "type": "SubnetState",
         "id": 3
        },
        "nodeName": {
         "type": "string",
         "id": 4
        },
        "nodeId": {
         "type": "string",
         "id": 5
        },
        "generation": {
         "type": "uint64",
         "id": 6
        },
        "sinceMs": {
         "type": "int64",
         "id": 7
        },
        "untilMs": {
         "type": "int64",
         "id": 8
        },
        "reason": {
         "type": "string",
         "id": 9
        }
       }
      },
      "Node": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "name": {
         "type": "string",
         "id": 2
        },
        "address": {
         "type": "string",
         "id": 3
        },
        "labels": {
         "keyType": "string",
         "type": "string",
         "id": 4
        },
        "availability": {
         "type": "Availability",
         "id": 5
        },
        "mode": {
         "type": "Mode",
         "id": 6
        },
        "pool": {
         "type": "string",
         "id": 7
        },
        "subnet": {
         "type": "string",
         "id": 8
        },
        "gateway": {
         "type": "string",
         "id": 9
        },
        "generation": {
         "type": "uint64",
         "id": 10
        },
        "createdMs": {
         "type": "int64",
         "id": 11
        },
        "state": {
         "type": "NodeState",
         "id": 12
        },
        "seenMs": {
         "type": "int64",
         "id": 13
        },
        "controller": {
         "type": "string",
         "id": 14
        },
        "routes": {
         "type": "RouteCounts",
         "id": 15
        },
        "conditions": {
         "rule": "repeated",
         "type": "Condition",
         "id": 16
        },
        "daemonVersion": {
         "type": "string",
         "id": 17
        },
        "kernelVersion": {
         "type": "string",
         "id": 18
        },
        "dockerVersion": {
         "type": "string",
         "id": 19
        },
        "hostNetworks": {
         "rule": "repeated",
         "type": "HostNetwork",
         "id": 20
        }
       }
      },
      "Event": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "timeMs": {
         "type": "int64",
         "id": 2
        },
        "reason": {
         "type": "string",
         "id": 3
        },
        "warning": {
         "type": "bool",
         "id": 4
        },
        "subject": {
         "type": "string",
         "id": 5
        },
        "message": {
         "type": "string",
         "id": 6
        }
       }
      },
      "NodeService": {
       "methods": {
        "Watch": {
         "requestType": "WatchRequest",
         "responseType": "WatchResponse",
         "responseStream": true
        },
        "Report": {
         "requestType": "ReportRequest",
         "responseType": "ReportResponse"
        },
        "Leave": {
         "requestType": "LeaveRequest",
         "responseType": "LeaveResponse"
        }
       }
      },
      "Version": {
       "fields": {
        "clusterId": {
         "type": "string",
         "id": 1
        },
        "epoch": {
         "type": "uint64",
         "id": 2
        },
        "revision": {
         "type": "int64",
         "id": 3
        }
       }
      },
      "WatchRequest": {
       "fields": {
        "nodeName": {
         "type": "string",
         "id": 1
        },
        "nodeId": {
         "type": "string",
         "id": 2
        },
        "version": {
         "type": "Version",
         "id": 3
        },
        "fresh": {
         "type": "bool",
         "id": 4
        },
        "hostFingerprint": {
         "type": "string",
         "id": 5
        },
        "daemonVersion": {
         "type": "string",
         "id": 6
        }
       }
      },
      "WatchResponse": {
       "oneofs": {
        "message": {
         "oneof": [
          "assignment",
          "snapshot",
          "delta",
          "bookmark"
         ]
        }
       },
       "fields": {
        "assignment": {
         "type": "Assignment",
         "id": 1
        },
        "snapshot": {
         "type": "SnapshotChunk",
         "id": 2
        },
        "delta": {
         "type": "Delta",
         "id": 3
        },
        "bookmark": {
         "type": "Bookmark",
         "id": 4
        }
       }
      },
      "Assignment": {
       "fields": {
        "nodeId": {
         "type": "string",
         "id": 1
        },
        "nodeName": {
         "type": "string",
         "id": 2
        },
        "address": {
         "type": "string",
         "id": 3
        },
        "availability": {
         "type": "Availability",
         "id": 4
        },
        "pool": {
         "type": "string",
         "id": 5
        },
        "subnet": {
         "type": "string",
         "id": 6
        },
        "generation": {
         "type": "uint64",
         "id": 7
        },
        "mode": {
         "type": "Mode",
         "id": 8
        },
        "networkName": {
         "type": "string",
         "id": 9
        },
        "bridgeName": {
         "type": "string",
         "id": 10
        }
       }
      },
      "Route": {
       "fields": {
        "network": {
         "type": "fixed32",
         "id": 1
        },
        "prefixLength": {
         "type": "uint32",
         "id": 2
        },
        "nextHop": {
         "type": "fixed32",
         "id": 3
        },
        "nodeName": {
         "type": "string",
         "id": 4
        }
       }
      },
      "Destination": {
       "fields": {
        "network": {
         "type": "fixed32",
         "id": 1
        },
        "prefixLength": {
         "type": "uint32",
         "id": 2
        }
       }
      },
      "SnapshotChunk": {
       "fields": {
        "version": {
         "type": "Version",
         "id": 1
        },
        "routes": {
         "rule": "repeated",
         "type": "Route",
         "id": 2
        },
        "unresolved": {
         "rule": "repeated",
         "type": "Destination",
         "id": 3
        },
        "pools": {
         "rule": "repeated",
         "type": "Destination",
         "id": 4
        },
        "first": {
         "type": "bool",
         "id": 5
        },
        "last": {
         "type": "bool",
         "id": 6
        },
        "fresh": {
         "type": "bool",
         "id": 7
        }
       }
      },
      "Delta": {
       "fields": {
        "fromRevision": {
         "type": "int64",
         "id": 1
        },
        "to": {
         "type": "Version",
         "id": 2
        },
        "upserts": {
         "rule": "repeated",
         "type": "Route",
         "id": 3
        },
        "removals": {
         "rule": "repeated",
         "type": "Destination",
         "id": 4
        },
        "unresolved": {
         "rule": "repeated",
         "type": "Destination",
         "id": 5
        },
        "pools": {
         "type": "PoolList",
         "id": 6
        }
       }
      },
      "PoolList": {
       "fields": {
        "pools": {
         "rule": "repeated",
         "type": "Destination",
         "id": 1
        }
       }
      },
      "Bookmark": {
       "fields": {
        "version": {
         "type": "Version",
         "id": 1
        }
       }
      },
      "ReportRequest": {
       "fields": {
        "nodeId": {
         "type": "string",
         "id": 1
        },
        "generation": {
         "type": "uint64",
         "id": 2
        },
        "applied": {
         "type": "Version",
         "id": 3
        },
        "routes": {
         "type": "RouteCounts",
         "id": 4
        },
        "conditions": {
         "rule": "repeated",
         "type": "Condition",
         "id": 5
        },
        "daemonVersion": {
         "type": "string",
         "id": 6
        },
        "kernelVersion": {
         "type": "string",
         "id": 7
        },
        "dockerVersion": {
         "type": "string",
         "id": 8
        },
        "hostNetworks": {
         "rule": "repeated",
         "type": "HostNetwork",
         "id": 9
        }
       }
      },
      "ReportResponse": {
       "fields": {
        "nextReportMs": {
         "type": "uint32",
         "id": 1
        },
        "spreadMs": {
         "type": "uint32",
         "id": 2
        }
       }
      },
      "LeaveRequest": {
       "fields": {
        "nodeName": {
         "type": "string",
         "id": 1
        },
        "nodeId": {
         "type": "string",
         "id": 2
        },
        "done": {
         "type": "bool",
         "id": 3
        },
        "operationId": {
         "type": "string",
         "id": 4
        }
       }
      },
      "LeaveResponse": {
       "fields": {
        "peersPending": {
         "type": "uint32",
         "id": 1
        }
       }
      },
      "AdminService": {
       "methods": {
        "CreatePool": {
         "requestType": "CreatePoolRequest",
         "responseType": "CreatePoolResponse"
        },
        "ListPools": {
         "requestType": "ListPoolsRequest",
         "responseType": "ListPoolsResponse"
        },
        "GetPool": {
         "requestType": "GetPoolRequest",
         "responseType": "GetPoolResponse"
        },
        "RemovePool": {
         "requestType": "RemovePoolRequest",
         "responseType": "RemovePoolResponse"
        },
        "ReserveSubnet": {
         "requestType": "ReserveSubnetRequest",
         "responseType": "ReserveSubnetResponse"
        },
        "UnreserveSubnet": {
         "requestType": "UnreserveSubnetRequest",
         "responseType": "UnreserveSubnetResponse"
        },
        "AddNode": {
         "requestType": "AddNodeRequest",
         "responseType": "AddNodeResponse"
        },
        "ListNodes": {
         "requestType": "ListNodesRequest",
         "responseType": "ListNodesResponse"
        },
        "WatchNodes": {
         "requestType": "ListNodesRequest",
         "responseType": "ListNodesResponse",
         "responseStream": true
        },
        "GetNode": {
         "requestType": "GetNodeRequest",
         "responseType": "GetNodeResponse"
        },
        "SetNode": {
         "requestType": "SetNodeRequest",
         "responseType": "SetNodeResponse"
        },
        "RemoveNode": {
         "requestType": "RemoveNodeRequest",
         "responseType": "RemoveNodeResponse"
        },
        "WatchConvergence": {
         "requestType": "WatchConvergenceRequest",
         "responseType": "Convergence",
         "responseStream": true
        },
        "ListSubnets": {
         "requestType": "ListSubnetsRequest",
         "responseType": "ListSubnetsResponse"
        },
        "ReleaseSubnet": {
         "requestType": "ReleaseSubnetRequest",
         "responseType": "ReleaseSubnetResponse"
        },
        "ListRoutes": {
         "requestType": "ListRoutesRequest",
         "responseType": "ListRoutesResponse"
        },
        "ListEvents": {
         "requestType": "ListEventsRequest",
         "responseType": "ListEventsResponse"
        },
        "WatchEvents": {
         "requestType": "ListEventsRequest",
         "responseType": "Event",
         "responseStream": true
        },
        "GetStatus": {
         "requestType": "GetStatusRequest",
         "responseType": "GetStatusResponse"
        }
       }
      },
      "CreatePoolRequest": {
       "oneofs": {
        "_quarantineSeconds": {
         "oneof": [
          "quarantineSeconds"
         ]
        }
       },
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "name": {
         "type": "string",
         "id": 3
        },
        "cidr": {
         "type": "string",
         "id": 4
        },
        "subnetLength": {
         "type": "uint32",
         "id": 5
        },
        "mode": {
         "type": "Mode",
         "id": 6
        },
        "networkName": {
         "type": "string",
         "id": 7
        },
        "bridgeName": {
         "type": "string",
         "id": 8
        },
        "quarantineSeconds": {
         "type": "uint32",
         "id": 9,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "CreatePoolResponse": {
       "fields": {
        "pool": {
         "type": "Pool",
         "id": 1
        },
        "unchanged": {
         "type": "bool",
         "id": 2
        },
        "warnings": {
         "rule": "repeated",
         "type": "string",
         "id": 3
        }
       }
      },
      "ListPoolsRequest": {
       "fields": {}
      },
      "ListPoolsResponse": {
       "fields": {
        "pools": {
         "rule": "repeated",
         "type": "Pool",
         "id": 1
        }
       }
      },
      "GetPoolRequest": {
       "fields": {
        "name": {
         "type": "string",
         "id": 1
        }
       }
      },
      "GetPoolResponse": {
       "fields": {
        "pool": {
         "type": "Pool",
         "id": 1
        },
        "subnets": {
         "rule": "repeated",
         "type": "Subnet",
         "id": 2
        }
       }
      },
      "RemovePoolRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "name": {
         "type": "string",
         "id": 3
        },
        "force": {
         "type": "bool",
         "id": 4
        }
       }
      },
      "RemovePoolResponse": {
       "fields": {}
      },
      "ReserveSubnetRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "pool": {
         "type": "string",
         "id": 3
        },
        "cidr": {
         "type": "string",
         "id": 4
        },
        "nodeName": {
         "type": "string",
         "id": 5
        },
        "reason": {
         "type": "string",
         "id": 6
        }
       }
      },
      "ReserveSubnetResponse": {
       "fields": {
        "pool": {
         "type": "Pool",
         "id": 1
        },
        "unchanged": {
         "type": "bool",
         "id": 2
        }
       }
      },
      "UnreserveSubnetRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "pool": {
         "type": "string",
         "id": 3
        },
        "cidr": {
         "type": "string",
         "id": 4
        }
       }
      },
      "UnreserveSubnetResponse": {
       "fields": {
        "pool": {
         "type": "Pool",
         "id": 1
        }
       }
      },
      "AddNodeRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "name": {
         "type": "string",
         "id": 3
        },
        "address": {
         "type": "string",
         "id": 4
        },
        "pool": {
         "type": "string",
         "id": 5
        },
        "subnet": {
         "type": "string",
         "id": 6
        },
        "mode": {
         "type": "Mode",
         "id": 7
        },
        "labels": {
         "keyType": "string",
         "type": "string",
         "id": 8
        }
       }
      },
      "AddNodeResponse": {
       "fields": {
        "node": {
         "type": "Node",
         "id": 1
        },
        "unchanged": {
         "type": "bool",
         "id": 2
        },
        "revision": {
         "type": "int64",
         "id": 3
        },
        "warnings": {
         "rule": "repeated",
         "type": "string",
         "id": 4
        }
       }
      },
      "ListNodesRequest": {
       "fields": {
        "summary": {
         "type": "bool",
         "id": 1
        }
       }
      },
      "ListNodesResponse": {
       "fields": {
        "nodes": {
         "rule": "repeated",
         "type": "Node",
         "id": 1
        },
        "revision": {
         "type": "int64",
         "id": 2
        }
       }
      },
      "GetNodeRequest": {
       "fields": {
        "node": {
         "type": "string",
         "id": 1
        }
       }
      },
      "GetNodeResponse": {
       "fields": {
        "node": {
         "type": "Node",
         "id": 1
        },
        "events": {
         "rule": "repeated",
         "type": "Event",
         "id": 2
        }
       }
      },
      "SetNodeRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "node": {
         "type": "string",
         "id": 3
        },
        "address": {
         "type": "string",
         "id": 4
        },
        "availability": {
         "type": "Availability",
         "id": 5
        },
        "setLabels": {
         "keyType": "string",
         "type": "string",
         "id": 6
        },
        "removeLabels": {
         "rule": "repeated",
         "type": "string",
         "id": 7
        },
        "mode": {
         "type": "Mode",
         "id": 8
        }
       }
      },
      "SetNodeResponse": {
       "fields": {
        "node": {
         "type": "Node",
         "id": 1
        },
        "unchanged": {
         "type": "bool",
         "id": 2
        },
        "revision": {
         "type": "int64",
         "id": 3
        },
        "change": {
         "type": "string",
         "id": 4
        }
       }
      },
      "RemoveNodeRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "node": {
         "type": "string",
         "id": 3
        },
        "force": {
         "type": "bool",
         "id": 4
        }
       }
      },
      "RemoveNodeResponse": {
       "fields": {
        "node": {
         "type": "Node",
         "id": 1
        },
        "quarantinedUntilMs": {
         "type": "int64",
         "id": 2
        }
       }
      },
      "WatchConvergenceRequest": {
       "fields": {
        "node": {
         "type": "string",
         "id": 1
        },
        "untilReady": {
         "type": "bool",
         "id": 2
        }
       }
      },
      "Convergence": {
       "fields": {
        "nodes": {
         "type": "uint32",
         "id": 1
        },
        "applied": {
         "type": "uint32",
         "id": 2
        },
        "pending": {
         "rule": "repeated",
         "type": "string",
         "id": 3
        },
        "down": {
         "rule": "repeated",
         "type": "string",
         "id": 4
        },
        "downCount": {
         "type": "uint32",
         "id": 5
        },
        "revision": {
         "type": "int64",
         "id": 6
        },
        "nodeReady": {
         "type": "bool",
         "id": 7
        },
        "elapsedMs": {
         "type": "uint32",
         "id": 8
        },
        "conditions": {
         "rule": "repeated",
         "type": "Condition",
         "id": 9
        },
        "done": {
         "type": "bool",
         "id": 10
        }
       }
      },
      "ListSubnetsRequest": {
       "fields": {
        "pool": {
         "type": "string",
         "id": 1
        }
       }
      },
      "ListSubnetsResponse": {
       "fields": {
        "subnets": {
         "rule": "repeated",
         "type": "Subnet",
         "id": 1
        }
       }
      },
      "ReleaseSubnetRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "cidr": {
         "type": "string",
         "id": 3
        }
       }
      },
      "ReleaseSubnetResponse": {
       "fields": {}
      },
      "ListRoutesRequest": {
       "fields": {
        "node": {
         "type": "string",
         "id": 1
        }
       }
      },
      "ListRoutesResponse": {
       "fields": {
        "routes": {
         "rule": "repeated",
         "type": "RouteEntry",
         "id": 1
        },
        "revision": {
         "type": "int64",
         "id": 2
        },
        "unresolved": {
         "rule": "repeated",
         "type": "string",
         "id": 3
        }
       }
      },
      "RouteEntry": {
       "fields": {
        "subnet": {
         "type": "string",
         "id": 1
        },
        "nextHop": {
         "type": "string",
         "id": 2
        },
        "nodeName": {
         "type": "string",
         "id": 3
        },
        "pool": {
         "type": "string",
         "id": 4
        },
        "nodeState": {
         "type": "NodeState",
         "id": 5
        }
       }
      },
      "ListEventsRequest": {
       "fields": {
        "sinceMs": {
         "type": "int64",
         "id": 1
        },
        "subject": {
         "type": "string",
         "id": 2
        },
        "limit": {
         "type": "uint32",
         "id": 3
        }
       }
      },
      "ListEventsResponse": {
       "fields": {
        "events": {
         "rule": "repeated",
         "type": "Event",
         "id": 1
        }
       }
      },
      "GetStatusRequest": {
       "fields": {}
      },
      "GetStatusResponse": {
       "fields": {
        "clusterId": {
         "type": "string",
         "id": 1
        },
        "epoch": {
         "type": "uint64",
         "id": 2
        },
        "revision": {
         "type": "int64",
         "id": 3
        },
        "controller": {
         "type": "string",
         "id": 4
        },
        "version": {
         "type": "string",
         "id": 5
        },
        "controllers": {
         "rule": "repeated",
         "type": "ControllerStatus",
         "id": 6
        },
        "store": {
         "type": "StoreStatus",
         "id": 7
        },
        "pools": {
         "rule": "repeated",
         "type": "Pool",
         "id": 8
        },
        "nodes": {
         "type": "NodeCounts",
         "id": 9
        },
        "undecodable": {
         "rule": "repeated",
         "type": "UndecodableKey",
         "id": 10
        }
       }
      },
      "ControllerStatus": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "version": {
         "type": "string",
         "id": 2
        },
        "startedMs": {
         "type": "int64",
         "id": 3
        },
        "sessions": {
         "type": "uint32",
         "id": 4
        },
        "addresses": {
         "rule": "repeated",
         "type": "string",
         "id": 5
        }
       }
      },
      "StoreStatus": {
       "fields": {
        "endpoints": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        },
        "embedded": {
         "type": "bool",
         "id": 2
        },
        "connected": {
         "type": "bool",
         "id": 3
        },
        "refusal": {
         "type": "string",
         "id": 4
        },
        "resyncs": {
         "type": "uint32",
         "id": 5
        }
       }
      },
      "NodeCounts": {
       "fields": {
        "total": {
         "type": "uint32",
         "id": 1
        },
        "ready": {
         "type": "uint32",
         "id": 2
        },
        "progressing": {
         "type": "uint32",
         "id": 3
        },
        "degraded": {
         "type": "uint32",
         "id": 4
        },
        "down": {
         "type": "uint32",
         "id": 5
        },
        "pending": {
         "type": "uint32",
         "id": 6
        }
       }
      },
      "UndecodableKey": {
       "fields": {
        "key": {
         "type": "string",
         "id": 1
        },
        "problem": {
         "type": "string",
         "id": 2
        }
       }
      },
      "LocalService": {
       "methods": {
        "Leave": {
         "requestType": "LocalLeaveRequest",
         "responseType": "LocalLeaveProgress",
         "responseStream": true
        }
       }
      },
      "LocalLeaveRequest": {
       "fields": {
        "force": {
         "type": "bool",
         "id": 1
        },
        "localOnly": {
         "type": "bool",
         "id": 2
        }
       }
      },
      "LocalLeaveProgress": {
       "fields": {
        "step": {
         "type": "string",
         "id": 1
        },
        "done": {
         "type": "bool",
         "id": 2
        }
       }
      }
     }
    }
   }
  }
 }
};
