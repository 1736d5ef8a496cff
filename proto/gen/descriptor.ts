// Original files: proto/xnet/v1/access.proto proto/xnet/v1/lease_types.proto proto/xnet/v1/types.proto proto/xnet/v1/node.proto proto/xnet/v1/join.proto proto/xnet/v1/pool.proto proto/xnet/v1/node_admin.proto proto/xnet/v1/status.proto proto/xnet/v1/security.proto proto/xnet/v1/admin.proto proto/xnet/v1/backup.proto proto/xnet/v1/ipam.proto proto/xnet/v1/lease.proto proto/xnet/v1/lifecycle.proto proto/xnet/v1/nic.proto proto/xnet/v1/rollout.proto proto/xnet/v1/held_route.proto proto/xnet/v1/static_route.proto proto/xnet/v1/network.proto proto/xnet/v1/diagnosis.proto

export const descriptor = {
 "nested": {
  "xnet": {
   "nested": {
    "v1": {
     "nested": {
      "Access": {
       "values": {
        "ACCESS_UNSPECIFIED": 0,
        "ANYONE": 1,
        "NODE": 2,
        "VIEWER": 3,
        "OPERATOR": 4,
        "ADMIN": 5,
        "LOCAL": 6
       }
      },
      "Mode": {
       "values": {
        "MODE_UNSPECIFIED": 0,
        "MODE_BIP": 1,
        "MODE_BRIDGE": 2,
        "MODE_BLOCK": 3,
        "MODE_LAN": 4
       }
      },
      "Lan": {
       "fields": {
        "prefix": {
         "type": "string",
         "id": 1
        },
        "gateway": {
         "type": "string",
         "id": 2
        },
        "defaultNetwork": {
         "type": "bool",
         "id": 3
        }
       }
      },
      "LeaseState": {
       "values": {
        "LEASE_STATE_UNSPECIFIED": 0,
        "LEASE_STATE_WANTED": 1,
        "LEASE_STATE_IN_FORCE": 2,
        "LEASE_STATE_ENDING": 3
       }
      },
      "Lease": {
       "fields": {
        "pool": {
         "type": "string",
         "id": 1
        },
        "subnet": {
         "type": "string",
         "id": 2
        },
        "gateway": {
         "type": "string",
         "id": 3
        },
        "generation": {
         "type": "uint64",
         "id": 4
        },
        "mode": {
         "type": "Mode",
         "id": 5
        },
        "networkName": {
         "type": "string",
         "id": 6
        },
        "bridgeName": {
         "type": "string",
         "id": 7
        },
        "state": {
         "type": "LeaseState",
         "id": 8
        },
        "sinceMs": {
         "type": "int64",
         "id": 9
        },
        "networkLength": {
         "type": "uint32",
         "id": 10
        },
        "dockerLength": {
         "type": "uint32",
         "id": 11
        },
        "lan": {
         "type": "Lan",
         "id": 12
        },
        "network": {
         "type": "string",
         "id": 13
        },
        "detach": {
         "type": "bool",
         "id": 14
        }
       }
      },
      "Permit": {
       "fields": {
        "rollout": {
         "type": "string",
         "id": 1
        },
        "subnet": {
         "type": "string",
         "id": 2
        },
        "generation": {
         "type": "uint64",
         "id": 3
        }
       }
      },
      "LeaseUse": {
       "fields": {
        "subnet": {
         "type": "string",
         "id": 1
        },
        "generation": {
         "type": "uint64",
         "id": 2
        },
        "inForce": {
         "type": "bool",
         "id": 3
        },
        "ending": {
         "type": "bool",
         "id": 4
        },
        "inUse": {
         "type": "bool",
         "id": 5
        },
        "attached": {
         "rule": "repeated",
         "type": "string",
         "id": 6
        }
       }
      },
      "Nic": {
       "fields": {
        "address": {
         "type": "string",
         "id": 1
        },
        "container": {
         "type": "string",
         "id": 2
        },
        "interfaceName": {
         "type": "string",
         "id": 3
        }
       }
      },
      "NicList": {
       "fields": {
        "epoch": {
         "type": "uint64",
         "id": 1
        },
        "revision": {
         "type": "int64",
         "id": 2
        },
        "nics": {
         "rule": "repeated",
         "type": "Nic",
         "id": 3
        }
       }
      },
      "NicUse": {
       "fields": {
        "address": {
         "type": "string",
         "id": 1
        },
        "ready": {
         "type": "bool",
         "id": 2
        },
        "reason": {
         "type": "string",
         "id": 3
        },
        "message": {
         "type": "string",
         "id": 4
        }
       }
      },
      "ContainerUse": {
       "fields": {
        "name": {
         "type": "string",
         "id": 1
        },
        "subnet": {
         "type": "string",
         "id": 2
        },
        "id": {
         "type": "string",
         "id": 3
        },
        "askedAddress": {
         "type": "string",
         "id": 4
        }
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
        "NODE_STATE_DOWN": 5,
        "NODE_STATE_REVOKED": 6
       }
      },
      "SubnetState": {
       "values": {
        "SUBNET_STATE_UNSPECIFIED": 0,
        "SUBNET_STATE_LEASED": 1,
        "SUBNET_STATE_RESERVED": 2,
        "SUBNET_STATE_QUARANTINED": 3,
        "SUBNET_STATE_STATIC": 4
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
        },
        "fix": {
         "type": "string",
         "id": 7
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
      "HeldRoutes": {
       "fields": {
        "count": {
         "type": "uint32",
         "id": 1
        },
        "subnets": {
         "rule": "repeated",
         "type": "string",
         "id": 2
        },
        "epoch": {
         "type": "uint64",
         "id": 3
        },
        "revision": {
         "type": "int64",
         "id": 4
        },
        "unexplained": {
         "type": "bool",
         "id": 5
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
        },
        "address": {
         "type": "string",
         "id": 3
        },
        "dockerNetwork": {
         "type": "string",
         "id": 4
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
        },
        "reclaimAfterSeconds": {
         "type": "uint32",
         "id": 11
        },
        "followAddress": {
         "type": "bool",
         "id": 12
        },
        "networkLength": {
         "type": "uint32",
         "id": 13
        },
        "dockerLength": {
         "type": "uint32",
         "id": 14
        },
        "lan": {
         "type": "Lan",
         "id": 15
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
        },
        "staticRoutes": {
         "type": "uint32",
         "id": 6
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
        },
        "leaseState": {
         "type": "LeaseState",
         "id": 10
        },
        "mode": {
         "type": "Mode",
         "id": 11
        },
        "nextHop": {
         "type": "string",
         "id": 12
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
        },
        "leases": {
         "rule": "repeated",
         "type": "Lease",
         "id": 21
        },
        "containers": {
         "rule": "repeated",
         "type": "ContainerUse",
         "id": 22
        },
        "containerCount": {
         "type": "uint32",
         "id": 23
        },
        "containersKnown": {
         "type": "bool",
         "id": 24
        },
        "drain": {
         "type": "Drain",
         "id": 25
        },
        "schedulable": {
         "type": "bool",
         "id": 26
        },
        "revision": {
         "type": "int64",
         "id": 27
        }
       }
      },
      "Drain": {
       "fields": {
        "sinceMs": {
         "type": "int64",
         "id": 1
        },
        "deadlineMs": {
         "type": "int64",
         "id": 2
        },
        "drainedMs": {
         "type": "int64",
         "id": 3
        },
        "missedMs": {
         "type": "int64",
         "id": 4
        },
        "remove": {
         "type": "bool",
         "id": 5
        },
        "leave": {
         "type": "bool",
         "id": 6
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
         "responseStream": true,
         "options": {
          "(xnet.v1.access)": "NODE"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "NODE"
          }
         ]
        },
        "Report": {
         "requestType": "ReportRequest",
         "responseType": "ReportResponse",
         "options": {
          "(xnet.v1.access)": "NODE"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "NODE"
          }
         ]
        },
        "Leave": {
         "requestType": "LeaveRequest",
         "responseType": "LeaveResponse",
         "options": {
          "(xnet.v1.access)": "NODE"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "NODE"
          }
         ]
        },
        "RenewCertificate": {
         "requestType": "RenewCertificateRequest",
         "responseType": "RenewCertificateResponse",
         "options": {
          "(xnet.v1.access)": "NODE"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "NODE"
          }
         ]
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
        },
        "held": {
         "type": "Assignment",
         "id": 7
        },
        "heldRoutes": {
         "rule": "repeated",
         "type": "Destination",
         "id": 8
        },
        "modes": {
         "rule": "repeated",
         "type": "Mode",
         "id": 9
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
          "bookmark",
          "trust",
          "look"
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
        },
        "trust": {
         "type": "Trust",
         "id": 5
        },
        "look": {
         "type": "Look",
         "id": 6
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
        },
        "leases": {
         "rule": "repeated",
         "type": "Lease",
         "id": 11
        },
        "permit": {
         "type": "Permit",
         "id": 12
        },
        "leave": {
         "type": "bool",
         "id": 13
        },
        "approved": {
         "type": "Version",
         "id": 14
        },
        "nics": {
         "type": "NicList",
         "id": 15
        }
       }
      },
      "Trust": {
       "fields": {
        "authority": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        },
        "spreadMs": {
         "type": "uint32",
         "id": 2
        },
        "controllers": {
         "rule": "repeated",
         "type": "string",
         "id": 3
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
        },
        "static": {
         "type": "bool",
         "id": 5
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
      "PoolRange": {
       "fields": {
        "network": {
         "type": "fixed32",
         "id": 1
        },
        "prefixLength": {
         "type": "uint32",
         "id": 2
        },
        "subnetLength": {
         "type": "uint32",
         "id": 3
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
         "type": "PoolRange",
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
        },
        "unexplained": {
         "rule": "repeated",
         "type": "Destination",
         "id": 8
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
         "type": "PoolRange",
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
        },
        "silentPeers": {
         "rule": "repeated",
         "type": "SilentPeer",
         "id": 10
        },
        "hostFingerprint": {
         "type": "string",
         "id": 11
        },
        "leases": {
         "rule": "repeated",
         "type": "LeaseUse",
         "id": 12
        },
        "containers": {
         "rule": "repeated",
         "type": "ContainerUse",
         "id": 13
        },
        "containerCount": {
         "type": "uint32",
         "id": 14
        },
        "newAddress": {
         "type": "string",
         "id": 15
        },
        "containersKnown": {
         "type": "bool",
         "id": 16
        },
        "held": {
         "type": "HeldRoutes",
         "id": 17
        },
        "nics": {
         "rule": "repeated",
         "type": "NicUse",
         "id": 18
        },
        "features": {
         "rule": "repeated",
         "type": "string",
         "id": 19
        }
       }
      },
      "SilentPeer": {
       "fields": {
        "nodeName": {
         "type": "string",
         "id": 1
        },
        "gateway": {
         "type": "string",
         "id": 2
        },
        "hostAnswers": {
         "type": "bool",
         "id": 3
        },
        "sinceMs": {
         "type": "int64",
         "id": 4
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
        },
        "hostFingerprint": {
         "type": "string",
         "id": 5
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
      "RenewCertificateRequest": {
       "fields": {
        "csr": {
         "type": "string",
         "id": 1
        },
        "hostFingerprint": {
         "type": "string",
         "id": 2
        }
       }
      },
      "RenewCertificateResponse": {
       "fields": {
        "certificate": {
         "type": "string",
         "id": 1
        },
        "authority": {
         "rule": "repeated",
         "type": "string",
         "id": 2
        }
       }
      },
      "DiagnosisService": {
       "methods": {
        "FindPathEnd": {
         "requestType": "FindPathEndRequest",
         "responseType": "FindPathEndResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "LookAtNode": {
         "requestType": "LookAtNodeRequest",
         "responseType": "LookAtNodeResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        }
       }
      },
      "LookService": {
       "methods": {
        "AnswerLook": {
         "requestType": "AnswerLookRequest",
         "responseType": "AnswerLookResponse",
         "options": {
          "(xnet.v1.access)": "NODE"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "NODE"
          }
         ]
        }
       }
      },
      "FindPathEndRequest": {
       "fields": {
        "text": {
         "type": "string",
         "id": 1
        }
       }
      },
      "FindPathEndResponse": {
       "fields": {
        "node": {
         "type": "string",
         "id": 1
        },
        "nodeAddress": {
         "type": "string",
         "id": 2
        },
        "container": {
         "type": "string",
         "id": 3
        },
        "address": {
         "type": "string",
         "id": 4
        },
        "subnet": {
         "type": "string",
         "id": 5
        },
        "connected": {
         "type": "bool",
         "id": 6
        },
        "static": {
         "type": "bool",
         "id": 7
        }
       }
      },
      "LookAtNodeRequest": {
       "fields": {
        "node": {
         "type": "string",
         "id": 1
        },
        "question": {
         "type": "Question",
         "id": 2
        }
       }
      },
      "LookAtNodeResponse": {
       "fields": {
        "findings": {
         "type": "Findings",
         "id": 1
        },
        "controllers": {
         "rule": "repeated",
         "type": "string",
         "id": 2
        }
       }
      },
      "AnswerLookRequest": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "findings": {
         "type": "Findings",
         "id": 2
        }
       }
      },
      "AnswerLookResponse": {
       "fields": {}
      },
      "Look": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "timeoutMs": {
         "type": "uint32",
         "id": 2
        },
        "question": {
         "type": "Question",
         "id": 3
        }
       }
      },
      "Question": {
       "oneofs": {
        "question": {
         "oneof": [
          "path",
          "probe",
          "traceBegin",
          "traceEnd"
         ]
        }
       },
       "fields": {
        "path": {
         "type": "PathQuestion",
         "id": 1
        },
        "probe": {
         "type": "ProbeQuestion",
         "id": 2
        },
        "traceBegin": {
         "type": "TraceBeginQuestion",
         "id": 3
        },
        "traceEnd": {
         "type": "TraceEndQuestion",
         "id": 4
        }
       }
      },
      "Findings": {
       "fields": {
        "problem": {
         "type": "string",
         "id": 1
        },
        "path": {
         "type": "PathFindings",
         "id": 2
        },
        "probe": {
         "type": "ProbeFindings",
         "id": 3
        },
        "trace": {
         "type": "TraceFindings",
         "id": 4
        }
       }
      },
      "PathQuestion": {
       "fields": {
        "container": {
         "type": "string",
         "id": 1
        },
        "address": {
         "type": "string",
         "id": 2
        },
        "remote": {
         "type": "string",
         "id": 3
        },
        "remoteSubnet": {
         "type": "string",
         "id": 4
        },
        "remoteHost": {
         "type": "string",
         "id": 5
        }
       }
      },
      "PathFindings": {
       "fields": {
        "container": {
         "type": "ContainerFindings",
         "id": 1
        },
        "address": {
         "type": "string",
         "id": 2
        },
        "toRemote": {
         "type": "Decision",
         "id": 3
        },
        "fromRemote": {
         "type": "Decision",
         "id": 4
        },
        "routes": {
         "rule": "repeated",
         "type": "string",
         "id": 5
        },
        "desiredNextHop": {
         "type": "string",
         "id": 6
        },
        "neighbourState": {
         "type": "string",
         "id": 7
        },
        "neighbourMac": {
         "type": "string",
         "id": 8
        },
        "underlay": {
         "type": "string",
         "id": 9
        },
        "bridge": {
         "type": "string",
         "id": 10
        },
        "underlayMtu": {
         "type": "uint32",
         "id": 11
        },
        "bridgeMtu": {
         "type": "uint32",
         "id": 12
        },
        "forwarding": {
         "type": "bool",
         "id": 13
        },
        "strict": {
         "rule": "repeated",
         "type": "string",
         "id": 14
        },
        "hasRules": {
         "type": "bool",
         "id": 15
        },
        "subnetInUse": {
         "type": "bool",
         "id": 16
        },
        "subnet": {
         "type": "string",
         "id": 17
        }
       }
      },
      "ContainerFindings": {
       "fields": {
        "name": {
         "type": "string",
         "id": 1
        },
        "id": {
         "type": "string",
         "id": 2
        },
        "state": {
         "type": "string",
         "id": 3
        },
        "addresses": {
         "rule": "repeated",
         "type": "string",
         "id": 4
        }
       }
      },
      "Decision": {
       "fields": {
        "errno": {
         "type": "string",
         "id": 1
        },
        "table": {
         "type": "uint32",
         "id": 2
        },
        "interface": {
         "type": "string",
         "id": 3
        },
        "gateway": {
         "type": "string",
         "id": 4
        }
       }
      },
      "ProbeQuestion": {
       "fields": {
        "container": {
         "type": "string",
         "id": 1
        },
        "from": {
         "type": "string",
         "id": 2
        },
        "to": {
         "rule": "repeated",
         "type": "string",
         "id": 3
        },
        "identifier": {
         "type": "uint32",
         "id": 4
        },
        "longestBytes": {
         "type": "uint32",
         "id": 5
        },
        "count": {
         "type": "uint32",
         "id": 6
        }
       }
      },
      "ProbeFindings": {
       "fields": {
        "echoes": {
         "rule": "repeated",
         "type": "Echoes",
         "id": 1
        }
       }
      },
      "Echoes": {
       "fields": {
        "to": {
         "type": "string",
         "id": 1
        },
        "sent": {
         "type": "uint32",
         "id": 2
        },
        "replies": {
         "rule": "repeated",
         "type": "Reply",
         "id": 3
        },
        "errno": {
         "type": "string",
         "id": 4
        },
        "longestSent": {
         "type": "uint32",
         "id": 5
        },
        "longestAnswered": {
         "type": "uint32",
         "id": 6
        }
       }
      },
      "Reply": {
       "fields": {
        "sequence": {
         "type": "uint32",
         "id": 1
        },
        "micros": {
         "type": "uint32",
         "id": 2
        }
       }
      },
      "TraceBeginQuestion": {
       "fields": {
        "identifier": {
         "type": "uint32",
         "id": 1
        }
       }
      },
      "TraceEndQuestion": {
       "fields": {
        "identifier": {
         "type": "uint32",
         "id": 1
        }
       }
      },
      "TraceFindings": {
       "fields": {
        "packets": {
         "rule": "repeated",
         "type": "PacketTrace",
         "id": 1
        },
        "incomplete": {
         "type": "bool",
         "id": 2
        }
       }
      },
      "PacketTrace": {
       "fields": {
        "reply": {
         "type": "bool",
         "id": 1
        },
        "sequence": {
         "type": "uint32",
         "id": 2
        },
        "source": {
         "type": "string",
         "id": 3
        },
        "destination": {
         "type": "string",
         "id": 4
        },
        "lastSource": {
         "type": "string",
         "id": 5
        },
        "lastDestination": {
         "type": "string",
         "id": 6
        },
        "inInterface": {
         "type": "string",
         "id": 7
        },
        "outInterface": {
         "type": "string",
         "id": 8
        },
        "reached": {
         "rule": "repeated",
         "type": "string",
         "id": 9
        },
        "steps": {
         "rule": "repeated",
         "type": "TraceStep",
         "id": 10
        }
       }
      },
      "TraceStep": {
       "fields": {
        "family": {
         "type": "string",
         "id": 1
        },
        "table": {
         "type": "string",
         "id": 2
        },
        "chain": {
         "type": "string",
         "id": 3
        },
        "rule": {
         "type": "string",
         "id": 4
        },
        "verdict": {
         "type": "string",
         "id": 5
        },
        "position": {
         "type": "uint32",
         "id": 6
        },
        "iptables": {
         "type": "bool",
         "id": 7
        }
       }
      },
      "JoinService": {
       "methods": {
        "Join": {
         "requestType": "JoinRequest",
         "responseType": "JoinResponse",
         "options": {
          "(xnet.v1.access)": "ANYONE"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "ANYONE"
          }
         ]
        },
        "PreviewJoin": {
         "requestType": "JoinRequest",
         "responseType": "PreviewJoinResponse",
         "options": {
          "(xnet.v1.access)": "ANYONE"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "ANYONE"
          }
         ]
        }
       }
      },
      "JoinRequest": {
       "fields": {
        "token": {
         "type": "string",
         "id": 1
        },
        "csr": {
         "type": "string",
         "id": 2
        },
        "nodeName": {
         "type": "string",
         "id": 3
        },
        "address": {
         "type": "string",
         "id": 4
        },
        "daemonVersion": {
         "type": "string",
         "id": 5
        },
        "hostNetworks": {
         "rule": "repeated",
         "type": "HostNetwork",
         "id": 6
        }
       }
      },
      "JoinResponse": {
       "fields": {
        "certificate": {
         "type": "string",
         "id": 1
        },
        "authority": {
         "rule": "repeated",
         "type": "string",
         "id": 2
        },
        "clusterId": {
         "type": "string",
         "id": 3
        },
        "nodeId": {
         "type": "string",
         "id": 4
        },
        "nodeName": {
         "type": "string",
         "id": 5
        },
        "controllers": {
         "rule": "repeated",
         "type": "string",
         "id": 6
        },
        "subnet": {
         "type": "string",
         "id": 7
        },
        "pools": {
         "rule": "repeated",
         "type": "string",
         "id": 8
        }
       }
      },
      "PreviewJoinResponse": {
       "fields": {
        "nodeName": {
         "type": "string",
         "id": 1
        },
        "address": {
         "type": "string",
         "id": 2
        },
        "leases": {
         "rule": "repeated",
         "type": "Lease",
         "id": 3
        },
        "pools": {
         "rule": "repeated",
         "type": "string",
         "id": 4
        },
        "peers": {
         "rule": "repeated",
         "type": "string",
         "id": 5
        },
        "nodes": {
         "type": "uint32",
         "id": 6
        },
        "controllers": {
         "rule": "repeated",
         "type": "string",
         "id": 7
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
        },
        "networkLength": {
         "type": "uint32",
         "id": 10
        },
        "dockerLength": {
         "type": "uint32",
         "id": 11
        },
        "lan": {
         "type": "Lan",
         "id": 12
        },
        "reservations": {
         "rule": "repeated",
         "type": "Reservation",
         "id": 13
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
        },
        "static": {
         "type": "bool",
         "id": 6
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
        },
        "joinToken": {
         "type": "JoinToken",
         "id": 5
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
        },
        "seenRevision": {
         "type": "int64",
         "id": 9
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
      "JoinToken": {
       "fields": {
        "token": {
         "type": "string",
         "id": 1
        },
        "record": {
         "type": "Token",
         "id": 2
        },
        "controllers": {
         "rule": "repeated",
         "type": "string",
         "id": 3
        },
        "caDigest": {
         "type": "string",
         "id": 4
        }
       }
      },
      "Token": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "nodeName": {
         "type": "string",
         "id": 2
        },
        "pool": {
         "type": "string",
         "id": 3
        },
        "source": {
         "type": "string",
         "id": 4
        },
        "uses": {
         "type": "uint32",
         "id": 5
        },
        "usesLeft": {
         "type": "uint32",
         "id": 6
        },
        "createdMs": {
         "type": "int64",
         "id": 7
        },
        "expiresMs": {
         "type": "int64",
         "id": 8
        },
        "createdBy": {
         "type": "string",
         "id": 9
        }
       }
      },
      "InitRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        }
       }
      },
      "InitResponse": {
       "fields": {
        "unchanged": {
         "type": "bool",
         "id": 1
        },
        "authority": {
         "type": "Authority",
         "id": 2
        },
        "clusterKeyFile": {
         "type": "string",
         "id": 3
        }
       }
      },
      "Authority": {
       "fields": {
        "clusterId": {
         "type": "string",
         "id": 1
        },
        "certificates": {
         "rule": "repeated",
         "type": "string",
         "id": 2
        },
        "caDigest": {
         "type": "string",
         "id": 3
        },
        "createdMs": {
         "type": "int64",
         "id": 4
        },
        "notAfterMs": {
         "type": "int64",
         "id": 5
        }
       }
      },
      "CreateTokenRequest": {
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
        "uses": {
         "type": "uint32",
         "id": 4
        },
        "ttlSeconds": {
         "type": "uint32",
         "id": 5
        },
        "pool": {
         "type": "string",
         "id": 6
        },
        "source": {
         "type": "string",
         "id": 7
        },
        "adopt": {
         "type": "AdoptedHost",
         "id": 8
        }
       }
      },
      "AdoptedHost": {
       "fields": {
        "name": {
         "type": "string",
         "id": 1
        },
        "address": {
         "type": "string",
         "id": 2
        },
        "labels": {
         "keyType": "string",
         "type": "string",
         "id": 3
        },
        "mode": {
         "type": "Mode",
         "id": 4
        },
        "subnet": {
         "type": "string",
         "id": 5
        }
       }
      },
      "CreateTokenResponse": {
       "fields": {
        "joinToken": {
         "type": "JoinToken",
         "id": 1
        }
       }
      },
      "ListTokensRequest": {
       "fields": {}
      },
      "ListTokensResponse": {
       "fields": {
        "tokens": {
         "rule": "repeated",
         "type": "Token",
         "id": 1
        }
       }
      },
      "RevokeTokenRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "id": {
         "type": "string",
         "id": 3
        }
       }
      },
      "RevokeTokenResponse": {
       "fields": {}
      },
      "Certificate": {
       "fields": {
        "serial": {
         "type": "string",
         "id": 1
        },
        "role": {
         "type": "string",
         "id": 2
        },
        "id": {
         "type": "string",
         "id": 3
        },
        "name": {
         "type": "string",
         "id": 4
        },
        "notBeforeMs": {
         "type": "int64",
         "id": 5
        },
        "notAfterMs": {
         "type": "int64",
         "id": 6
        },
        "revokedMs": {
         "type": "int64",
         "id": 7
        },
        "oldAuthority": {
         "type": "bool",
         "id": 8
        }
       }
      },
      "ListCertificatesRequest": {
       "fields": {
        "role": {
         "type": "string",
         "id": 1
        }
       }
      },
      "ListCertificatesResponse": {
       "fields": {
        "certificates": {
         "rule": "repeated",
         "type": "Certificate",
         "id": 1
        }
       }
      },
      "IssueCertificateRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "role": {
         "type": "string",
         "id": 3
        },
        "id": {
         "type": "string",
         "id": 4
        },
        "csr": {
         "type": "string",
         "id": 5
        },
        "ttlSeconds": {
         "type": "uint32",
         "id": 6
        }
       }
      },
      "IssueCertificateResponse": {
       "fields": {
        "certificate": {
         "type": "string",
         "id": 1
        },
        "authority": {
         "rule": "repeated",
         "type": "string",
         "id": 2
        },
        "record": {
         "type": "Certificate",
         "id": 3
        },
        "clusterId": {
         "type": "string",
         "id": 4
        },
        "controllers": {
         "rule": "repeated",
         "type": "string",
         "id": 5
        }
       }
      },
      "RevokeCertificateRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "serial": {
         "type": "string",
         "id": 3
        }
       }
      },
      "RevokeCertificateResponse": {
       "fields": {
        "record": {
         "type": "Certificate",
         "id": 1
        }
       }
      },
      "RevokeNodeRequest": {
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
        }
       }
      },
      "RevokeNodeResponse": {
       "fields": {
        "node": {
         "type": "Node",
         "id": 1
        },
        "unchanged": {
         "type": "bool",
         "id": 2
        }
       }
      },
      "RotateAuthorityRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "force": {
         "type": "bool",
         "id": 3
        }
       }
      },
      "RotationProgress": {
       "fields": {
        "nodes": {
         "type": "uint32",
         "id": 1
        },
        "renewed": {
         "type": "uint32",
         "id": 2
        },
        "pending": {
         "rule": "repeated",
         "type": "string",
         "id": 3
        },
        "pendingDown": {
         "type": "uint32",
         "id": 4
        },
        "done": {
         "type": "bool",
         "id": 5
        },
        "people": {
         "rule": "repeated",
         "type": "string",
         "id": 6
        }
       }
      },
      "GetAuthorityRequest": {
       "fields": {}
      },
      "GetAuthorityResponse": {
       "fields": {
        "authority": {
         "type": "Authority",
         "id": 1
        },
        "rotation": {
         "type": "RotationProgress",
         "id": 2
        }
       }
      },
      "AuditEntry": {
       "fields": {
        "sequence": {
         "type": "uint64",
         "id": 1
        },
        "timeMs": {
         "type": "int64",
         "id": 2
        },
        "actor": {
         "type": "string",
         "id": 3
        },
        "serial": {
         "type": "string",
         "id": 4
        },
        "source": {
         "type": "string",
         "id": 5
        },
        "call": {
         "type": "string",
         "id": 6
        },
        "operationId": {
         "type": "string",
         "id": 7
        },
        "subject": {
         "type": "string",
         "id": 8
        },
        "request": {
         "type": "string",
         "id": 9
        },
        "before": {
         "type": "string",
         "id": 10
        },
        "after": {
         "type": "string",
         "id": 11
        },
        "outcome": {
         "type": "string",
         "id": 12
        },
        "message": {
         "type": "string",
         "id": 13
        },
        "controller": {
         "type": "string",
         "id": 14
        },
        "hash": {
         "type": "string",
         "id": 15
        },
        "previousHash": {
         "type": "string",
         "id": 16
        }
       }
      },
      "ListAuditRequest": {
       "fields": {
        "sinceMs": {
         "type": "int64",
         "id": 1
        },
        "subject": {
         "type": "string",
         "id": 2
        },
        "actor": {
         "type": "string",
         "id": 3
        },
        "call": {
         "type": "string",
         "id": 4
        },
        "limit": {
         "type": "uint32",
         "id": 5
        }
       }
      },
      "ListAuditResponse": {
       "fields": {
        "entries": {
         "rule": "repeated",
         "type": "AuditEntry",
         "id": 1
        }
       }
      },
      "VerifyAuditRequest": {
       "fields": {}
      },
      "VerifyAuditResponse": {
       "fields": {
        "ok": {
         "type": "bool",
         "id": 1
        },
        "entries": {
         "type": "uint64",
         "id": 2
        },
        "firstSequence": {
         "type": "uint64",
         "id": 3
        },
        "lastSequence": {
         "type": "uint64",
         "id": 4
        },
        "lastHash": {
         "type": "string",
         "id": 5
        },
        "problems": {
         "rule": "repeated",
         "type": "string",
         "id": 6
        }
       }
      },
      "RemoveControllerRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "id": {
         "type": "string",
         "id": 3
        }
       }
      },
      "RemoveControllerResponse": {
       "fields": {}
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
        },
        "problems": {
         "rule": "repeated",
         "type": "Problem",
         "id": 11
        }
       }
      },
      "Problem": {
       "fields": {
        "text": {
         "type": "string",
         "id": 1
        },
        "fix": {
         "type": "string",
         "id": 2
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
        },
        "warnings": {
         "rule": "repeated",
         "type": "string",
         "id": 6
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
        },
        "revoked": {
         "type": "uint32",
         "id": 7
        },
        "cordoned": {
         "type": "uint32",
         "id": 8
        },
        "draining": {
         "type": "uint32",
         "id": 9
        },
        "leaving": {
         "type": "uint32",
         "id": 10
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
      "AdminService": {
       "methods": {
        "CreatePool": {
         "requestType": "CreatePoolRequest",
         "responseType": "CreatePoolResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "ListPools": {
         "requestType": "ListPoolsRequest",
         "responseType": "ListPoolsResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "GetPool": {
         "requestType": "GetPoolRequest",
         "responseType": "GetPoolResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "RemovePool": {
         "requestType": "RemovePoolRequest",
         "responseType": "RemovePoolResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "RemoveController": {
         "requestType": "RemoveControllerRequest",
         "responseType": "RemoveControllerResponse",
         "options": {
          "(xnet.v1.access)": "ADMIN"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "ADMIN"
          }
         ]
        },
        "ReserveSubnet": {
         "requestType": "ReserveSubnetRequest",
         "responseType": "ReserveSubnetResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "UnreserveSubnet": {
         "requestType": "UnreserveSubnetRequest",
         "responseType": "UnreserveSubnetResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "AddNode": {
         "requestType": "AddNodeRequest",
         "responseType": "AddNodeResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "ListNodes": {
         "requestType": "ListNodesRequest",
         "responseType": "ListNodesResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "WatchNodes": {
         "requestType": "ListNodesRequest",
         "responseType": "ListNodesResponse",
         "responseStream": true,
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "GetNode": {
         "requestType": "GetNodeRequest",
         "responseType": "GetNodeResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "SetNode": {
         "requestType": "SetNodeRequest",
         "responseType": "SetNodeResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "RemoveNode": {
         "requestType": "RemoveNodeRequest",
         "responseType": "RemoveNodeResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "WatchConvergence": {
         "requestType": "WatchConvergenceRequest",
         "responseType": "Convergence",
         "responseStream": true,
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "ListSubnets": {
         "requestType": "ListSubnetsRequest",
         "responseType": "ListSubnetsResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "ReleaseSubnet": {
         "requestType": "ReleaseSubnetRequest",
         "responseType": "ReleaseSubnetResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "ListRoutes": {
         "requestType": "ListRoutesRequest",
         "responseType": "ListRoutesResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "ListEvents": {
         "requestType": "ListEventsRequest",
         "responseType": "ListEventsResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "WatchEvents": {
         "requestType": "ListEventsRequest",
         "responseType": "Event",
         "responseStream": true,
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "GetStatus": {
         "requestType": "GetStatusRequest",
         "responseType": "GetStatusResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "Init": {
         "requestType": "InitRequest",
         "responseType": "InitResponse",
         "options": {
          "(xnet.v1.access)": "LOCAL"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "LOCAL"
          }
         ]
        },
        "CreateToken": {
         "requestType": "CreateTokenRequest",
         "responseType": "CreateTokenResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "ListTokens": {
         "requestType": "ListTokensRequest",
         "responseType": "ListTokensResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "RevokeToken": {
         "requestType": "RevokeTokenRequest",
         "responseType": "RevokeTokenResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "ListCertificates": {
         "requestType": "ListCertificatesRequest",
         "responseType": "ListCertificatesResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "IssueCertificate": {
         "requestType": "IssueCertificateRequest",
         "responseType": "IssueCertificateResponse",
         "options": {
          "(xnet.v1.access)": "ADMIN"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "ADMIN"
          }
         ]
        },
        "RevokeCertificate": {
         "requestType": "RevokeCertificateRequest",
         "responseType": "RevokeCertificateResponse",
         "options": {
          "(xnet.v1.access)": "ADMIN"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "ADMIN"
          }
         ]
        },
        "RevokeNode": {
         "requestType": "RevokeNodeRequest",
         "responseType": "RevokeNodeResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "RotateAuthority": {
         "requestType": "RotateAuthorityRequest",
         "responseType": "RotationProgress",
         "responseStream": true,
         "options": {
          "(xnet.v1.access)": "ADMIN"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "ADMIN"
          }
         ]
        },
        "GetAuthority": {
         "requestType": "GetAuthorityRequest",
         "responseType": "GetAuthorityResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "ListAudit": {
         "requestType": "ListAuditRequest",
         "responseType": "ListAuditResponse",
         "options": {
          "(xnet.v1.access)": "ADMIN"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "ADMIN"
          }
         ]
        },
        "VerifyAudit": {
         "requestType": "VerifyAuditRequest",
         "responseType": "VerifyAuditResponse",
         "options": {
          "(xnet.v1.access)": "ADMIN"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "ADMIN"
          }
         ]
        }
       }
      },
      "BackupService": {
       "methods": {
        "SaveBackup": {
         "requestType": "SaveBackupRequest",
         "responseType": "BackupPart",
         "responseStream": true,
         "options": {
          "(xnet.v1.access)": "ADMIN"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "ADMIN"
          }
         ]
        },
        "ReadClusterKey": {
         "requestType": "ReadClusterKeyRequest",
         "responseType": "ReadClusterKeyResponse",
         "options": {
          "(xnet.v1.access)": "LOCAL"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "LOCAL"
          }
         ]
        },
        "BeginRestore": {
         "requestType": "BeginRestoreRequest",
         "responseType": "BeginRestoreResponse",
         "options": {
          "(xnet.v1.access)": "LOCAL"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "LOCAL"
          }
         ]
        },
        "WriteRestore": {
         "requestType": "WriteRestoreRequest",
         "responseType": "WriteRestoreResponse",
         "options": {
          "(xnet.v1.access)": "LOCAL"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "LOCAL"
          }
         ]
        },
        "FinishRestore": {
         "requestType": "FinishRestoreRequest",
         "responseType": "FinishRestoreResponse",
         "options": {
          "(xnet.v1.access)": "LOCAL"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "LOCAL"
          }
         ]
        },
        "GetAdoption": {
         "requestType": "GetAdoptionRequest",
         "responseType": "GetAdoptionResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "FinishAdoption": {
         "requestType": "FinishAdoptionRequest",
         "responseType": "FinishAdoptionResponse",
         "options": {
          "(xnet.v1.access)": "ADMIN"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "ADMIN"
          }
         ]
        }
       }
      },
      "SaveBackupRequest": {
       "fields": {}
      },
      "BackupPart": {
       "fields": {
        "header": {
         "type": "BackupHeader",
         "id": 1
        },
        "records": {
         "type": "BackupRecords",
         "id": 2
        },
        "end": {
         "type": "BackupEnd",
         "id": 3
        }
       }
      },
      "BackupHeader": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "clusterId": {
         "type": "string",
         "id": 2
        },
        "epoch": {
         "type": "uint64",
         "id": 3
        },
        "revision": {
         "type": "uint64",
         "id": 4
        },
        "storeId": {
         "type": "string",
         "id": 5
        },
        "madeMs": {
         "type": "uint64",
         "id": 6
        },
        "controller": {
         "type": "string",
         "id": 7
        },
        "version": {
         "type": "string",
         "id": 8
        },
        "clusterKey": {
         "type": "string",
         "id": 9
        },
        "problems": {
         "rule": "repeated",
         "type": "string",
         "id": 10
        }
       }
      },
      "BackupRecords": {
       "fields": {
        "records": {
         "rule": "repeated",
         "type": "BackupRecord",
         "id": 1
        }
       }
      },
      "BackupRecord": {
       "fields": {
        "key": {
         "type": "string",
         "id": 1
        },
        "value": {
         "type": "bytes",
         "id": 2
        }
       }
      },
      "BackupEnd": {
       "fields": {
        "records": {
         "type": "uint64",
         "id": 1
        }
       }
      },
      "ReadClusterKeyRequest": {
       "fields": {}
      },
      "ReadClusterKeyResponse": {
       "fields": {
        "clusterKey": {
         "type": "bytes",
         "id": 1
        },
        "name": {
         "type": "string",
         "id": 2
        }
       }
      },
      "BeginRestoreRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "backup": {
         "type": "BackupHeader",
         "id": 3
        },
        "clusterKey": {
         "type": "bytes",
         "id": 4
        },
        "force": {
         "type": "bool",
         "id": 5
        },
        "restoreId": {
         "type": "string",
         "id": 6
        }
       }
      },
      "BeginRestoreResponse": {
       "fields": {
        "unchanged": {
         "type": "bool",
         "id": 1
        },
        "nodes": {
         "type": "uint32",
         "id": 2
        }
       }
      },
      "WriteRestoreRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "records": {
         "rule": "repeated",
         "type": "BackupRecord",
         "id": 2
        },
        "restoreId": {
         "type": "string",
         "id": 3
        }
       }
      },
      "WriteRestoreResponse": {
       "fields": {}
      },
      "FinishRestoreRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "records": {
         "type": "uint64",
         "id": 2
        },
        "digest": {
         "type": "bytes",
         "id": 3
        },
        "restoreId": {
         "type": "string",
         "id": 4
        }
       }
      },
      "FinishRestoreResponse": {
       "fields": {
        "epoch": {
         "type": "uint64",
         "id": 1
        },
        "nodes": {
         "type": "uint32",
         "id": 2
        }
       }
      },
      "GetAdoptionRequest": {
       "fields": {}
      },
      "GetAdoptionResponse": {
       "fields": {
        "adopting": {
         "type": "bool",
         "id": 1
        },
        "madeMs": {
         "type": "uint64",
         "id": 2
        },
        "sinceMs": {
         "type": "uint64",
         "id": 3
        },
        "nodes": {
         "type": "uint32",
         "id": 4
        },
        "awaited": {
         "rule": "repeated",
         "type": "string",
         "id": 5
        },
        "adopted": {
         "rule": "repeated",
         "type": "string",
         "id": 6
        },
        "contradictions": {
         "rule": "repeated",
         "type": "string",
         "id": 7
        },
        "missing": {
         "type": "uint32",
         "id": 8
        }
       }
      },
      "FinishAdoptionRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "force": {
         "type": "bool",
         "id": 3
        }
       }
      },
      "FinishAdoptionResponse": {
       "fields": {
        "unchanged": {
         "type": "bool",
         "id": 1
        }
       }
      },
      "IpamService": {
       "methods": {
        "ResizePool": {
         "requestType": "ResizePoolRequest",
         "responseType": "ResizePoolResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "SetPool": {
         "requestType": "SetPoolRequest",
         "responseType": "SetPoolResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "CheckIpam": {
         "requestType": "CheckIpamRequest",
         "responseType": "CheckIpamResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "ReleaseFinding": {
         "requestType": "ReleaseFindingRequest",
         "responseType": "ReleaseFindingResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        }
       }
      },
      "ResizePoolRequest": {
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
        }
       }
      },
      "ResizePoolResponse": {
       "fields": {
        "pool": {
         "type": "Pool",
         "id": 1
        },
        "unchanged": {
         "type": "bool",
         "id": 2
        },
        "change": {
         "type": "string",
         "id": 3
        },
        "warnings": {
         "rule": "repeated",
         "type": "string",
         "id": 4
        }
       }
      },
      "CheckIpamRequest": {
       "fields": {}
      },
      "CheckIpamResponse": {
       "fields": {
        "controller": {
         "type": "string",
         "id": 1
        },
        "clusterId": {
         "type": "string",
         "id": 2
        },
        "epoch": {
         "type": "uint64",
         "id": 3
        },
        "revision": {
         "type": "int64",
         "id": 4
        },
        "tableRevision": {
         "type": "int64",
         "id": 5
        },
        "tableHash": {
         "type": "string",
         "id": 6
        },
        "findings": {
         "rule": "repeated",
         "type": "IpamFinding",
         "id": 7
        }
       }
      },
      "IpamFinding": {
       "fields": {
        "reason": {
         "type": "string",
         "id": 1
        },
        "subject": {
         "type": "string",
         "id": 2
        },
        "message": {
         "type": "string",
         "id": 3
        },
        "fix": {
         "type": "string",
         "id": 4
        },
        "key": {
         "type": "string",
         "id": 5
        },
        "modRevision": {
         "type": "int64",
         "id": 6
        }
       }
      },
      "ReleaseFindingRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "clusterId": {
         "type": "string",
         "id": 3
        },
        "epoch": {
         "type": "uint64",
         "id": 4
        },
        "reason": {
         "type": "string",
         "id": 5
        },
        "key": {
         "type": "string",
         "id": 6
        },
        "modRevision": {
         "type": "int64",
         "id": 7
        }
       }
      },
      "ReleaseFindingResponse": {
       "fields": {
        "change": {
         "type": "string",
         "id": 1
        }
       }
      },
      "SetPoolRequest": {
       "oneofs": {
        "_quarantineSeconds": {
         "oneof": [
          "quarantineSeconds"
         ]
        },
        "_reclaimAfterSeconds": {
         "oneof": [
          "reclaimAfterSeconds"
         ]
        },
        "_followAddress": {
         "oneof": [
          "followAddress"
         ]
        },
        "_dockerLength": {
         "oneof": [
          "dockerLength"
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
        "quarantineSeconds": {
         "type": "uint32",
         "id": 4,
         "options": {
          "proto3_optional": true
         }
        },
        "reclaimAfterSeconds": {
         "type": "uint32",
         "id": 5,
         "options": {
          "proto3_optional": true
         }
        },
        "mode": {
         "type": "Mode",
         "id": 6
        },
        "followAddress": {
         "type": "bool",
         "id": 7,
         "options": {
          "proto3_optional": true
         }
        },
        "dockerLength": {
         "type": "uint32",
         "id": 8,
         "options": {
          "proto3_optional": true
         }
        }
       }
      },
      "SetPoolResponse": {
       "fields": {
        "pool": {
         "type": "Pool",
         "id": 1
        },
        "unchanged": {
         "type": "bool",
         "id": 2
        },
        "change": {
         "type": "string",
         "id": 3
        }
       }
      },
      "LeaseService": {
       "methods": {
        "AddLease": {
         "requestType": "AddLeaseRequest",
         "responseType": "AddLeaseResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "EndLease": {
         "requestType": "EndLeaseRequest",
         "responseType": "EndLeaseResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        }
       }
      },
      "AddLeaseRequest": {
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
        "pool": {
         "type": "string",
         "id": 4
        },
        "subnet": {
         "type": "string",
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
        "replace": {
         "type": "string",
         "id": 9
        }
       }
      },
      "AddLeaseResponse": {
       "fields": {
        "node": {
         "type": "Node",
         "id": 1
        },
        "subnet": {
         "type": "string",
         "id": 2
        },
        "pool": {
         "type": "string",
         "id": 3
        },
        "unchanged": {
         "type": "bool",
         "id": 4
        },
        "change": {
         "type": "string",
         "id": 5
        },
        "warnings": {
         "rule": "repeated",
         "type": "string",
         "id": 6
        }
       }
      },
      "EndLeaseRequest": {
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
        "subnet": {
         "type": "string",
         "id": 4
        },
        "force": {
         "type": "bool",
         "id": 5
        }
       }
      },
      "EndLeaseResponse": {
       "fields": {
        "node": {
         "type": "Node",
         "id": 1
        },
        "subnet": {
         "type": "string",
         "id": 2
        },
        "unchanged": {
         "type": "bool",
         "id": 3
        },
        "change": {
         "type": "string",
         "id": 4
        },
        "quarantinedUntilMs": {
         "type": "int64",
         "id": 5
        }
       }
      },
      "LifecycleService": {
       "methods": {
        "RenameNode": {
         "requestType": "RenameNodeRequest",
         "responseType": "RenameNodeResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "DrainNode": {
         "requestType": "DrainNodeRequest",
         "responseType": "DrainNodeResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "ReplaceNode": {
         "requestType": "ReplaceNodeRequest",
         "responseType": "ReplaceNodeResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "WatchDeparture": {
         "requestType": "WatchDepartureRequest",
         "responseType": "Departure",
         "responseStream": true,
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        }
       }
      },
      "RenameNodeRequest": {
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
        "name": {
         "type": "string",
         "id": 4
        },
        "seenRevision": {
         "type": "int64",
         "id": 5
        }
       }
      },
      "RenameNodeResponse": {
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
      "DrainNodeRequest": {
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
        "deadlineSeconds": {
         "type": "uint32",
         "id": 4
        },
        "remove": {
         "type": "bool",
         "id": 5
        },
        "cancel": {
         "type": "bool",
         "id": 6
        }
       }
      },
      "DrainNodeResponse": {
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
      "WatchDepartureRequest": {
       "fields": {
        "node": {
         "type": "string",
         "id": 1
        }
       }
      },
      "DepartureStage": {
       "values": {
        "DEPARTURE_STAGE_UNSPECIFIED": 0,
        "DEPARTURE_STAGE_DRAINING": 1,
        "DEPARTURE_STAGE_DRAINED": 2,
        "DEPARTURE_STAGE_LEAVING": 3,
        "DEPARTURE_STAGE_WITHDRAWING": 4,
        "DEPARTURE_STAGE_REMOVED": 5,
        "DEPARTURE_STAGE_MISSED": 6,
        "DEPARTURE_STAGE_ENDED": 7
       }
      },
      "Departure": {
       "fields": {
        "stage": {
         "type": "DepartureStage",
         "id": 1
        },
        "done": {
         "type": "bool",
         "id": 2
        },
        "node": {
         "type": "Node",
         "id": 3
        },
        "peers": {
         "type": "uint32",
         "id": 4
        },
        "withdrawn": {
         "type": "uint32",
         "id": 5
        },
        "pending": {
         "rule": "repeated",
         "type": "string",
         "id": 6
        },
        "quarantinedUntilMs": {
         "type": "int64",
         "id": 7
        }
       }
      },
      "ReplaceNodeRequest": {
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
        "force": {
         "type": "bool",
         "id": 5
        }
       }
      },
      "ReplaceNodeResponse": {
       "fields": {
        "node": {
         "type": "Node",
         "id": 1
        },
        "revision": {
         "type": "int64",
         "id": 2
        },
        "change": {
         "type": "string",
         "id": 3
        },
        "joinToken": {
         "type": "JoinToken",
         "id": 4
        }
       }
      },
      "NicService": {
       "methods": {
        "AddNic": {
         "requestType": "AddNicRequest",
         "responseType": "AddNicResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "RemoveNic": {
         "requestType": "RemoveNicRequest",
         "responseType": "RemoveNicResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "ListNics": {
         "requestType": "ListNicsRequest",
         "responseType": "ListNicsResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        }
       }
      },
      "NicStatus": {
       "fields": {
        "nic": {
         "type": "Nic",
         "id": 1
        },
        "node": {
         "type": "string",
         "id": 2
        },
        "pool": {
         "type": "string",
         "id": 3
        },
        "addedMs": {
         "type": "int64",
         "id": 4
        },
        "use": {
         "type": "NicUse",
         "id": 5
        },
        "leased": {
         "type": "bool",
         "id": 6
        }
       }
      },
      "AddNicRequest": {
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
        "container": {
         "type": "string",
         "id": 4
        },
        "pool": {
         "type": "string",
         "id": 5
        },
        "address": {
         "type": "string",
         "id": 6
        },
        "interfaceName": {
         "type": "string",
         "id": 7
        }
       }
      },
      "AddNicResponse": {
       "fields": {
        "nic": {
         "type": "NicStatus",
         "id": 1
        },
        "unchanged": {
         "type": "bool",
         "id": 2
        },
        "change": {
         "type": "string",
         "id": 3
        }
       }
      },
      "RemoveNicRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "address": {
         "type": "string",
         "id": 3
        }
       }
      },
      "RemoveNicResponse": {
       "fields": {
        "nic": {
         "type": "NicStatus",
         "id": 1
        }
       }
      },
      "ListNicsRequest": {
       "fields": {
        "node": {
         "type": "string",
         "id": 1
        }
       }
      },
      "ListNicsResponse": {
       "fields": {
        "nics": {
         "rule": "repeated",
         "type": "NicStatus",
         "id": 1
        }
       }
      },
      "RolloutService": {
       "methods": {
        "CreateRollout": {
         "requestType": "CreateRolloutRequest",
         "responseType": "CreateRolloutResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "ListRollouts": {
         "requestType": "ListRolloutsRequest",
         "responseType": "ListRolloutsResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "GetRollout": {
         "requestType": "GetRolloutRequest",
         "responseType": "GetRolloutResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "WatchRollout": {
         "requestType": "GetRolloutRequest",
         "responseType": "GetRolloutResponse",
         "responseStream": true,
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "ControlRollout": {
         "requestType": "ControlRolloutRequest",
         "responseType": "ControlRolloutResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        }
       }
      },
      "RolloutState": {
       "values": {
        "ROLLOUT_STATE_UNSPECIFIED": 0,
        "ROLLOUT_STATE_RUNNING": 1,
        "ROLLOUT_STATE_PAUSED": 2,
        "ROLLOUT_STATE_FAILED": 3,
        "ROLLOUT_STATE_DONE": 4,
        "ROLLOUT_STATE_CANCELLED": 5,
        "ROLLOUT_STATE_UNDOING": 6,
        "ROLLOUT_STATE_UNDONE": 7
       }
      },
      "StepState": {
       "values": {
        "STEP_STATE_UNSPECIFIED": 0,
        "STEP_STATE_PENDING": 1,
        "STEP_STATE_GRANTED": 2,
        "STEP_STATE_PERMITTED": 3,
        "STEP_STATE_VERIFYING": 4,
        "STEP_STATE_DONE": 5,
        "STEP_STATE_FAILED": 6,
        "STEP_STATE_UNDONE": 7,
        "STEP_STATE_SKIPPED": 8
       }
      },
      "RolloutControl": {
       "values": {
        "ROLLOUT_CONTROL_UNSPECIFIED": 0,
        "ROLLOUT_CONTROL_PAUSE": 1,
        "ROLLOUT_CONTROL_RESUME": 2,
        "ROLLOUT_CONTROL_CANCEL": 3,
        "ROLLOUT_CONTROL_UNDO": 4
       }
      },
      "RolloutMove": {
       "fields": {
        "node": {
         "type": "string",
         "id": 1
        },
        "pool": {
         "type": "string",
         "id": 2
        },
        "mode": {
         "type": "Mode",
         "id": 3
        }
       }
      },
      "CreateRolloutRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "moves": {
         "rule": "repeated",
         "type": "RolloutMove",
         "id": 3
        },
        "pool": {
         "type": "string",
         "id": 4
        },
        "mode": {
         "type": "Mode",
         "id": 5
        },
        "maxUnavailable": {
         "type": "string",
         "id": 6
        },
        "per": {
         "type": "string",
         "id": 7
        },
        "healthSeconds": {
         "type": "uint32",
         "id": 8
        }
       }
      },
      "CreateRolloutResponse": {
       "fields": {
        "rollout": {
         "type": "Rollout",
         "id": 1
        },
        "steps": {
         "rule": "repeated",
         "type": "RolloutStep",
         "id": 2
        },
        "unchanged": {
         "type": "bool",
         "id": 3
        },
        "warnings": {
         "rule": "repeated",
         "type": "string",
         "id": 4
        }
       }
      },
      "ListRolloutsRequest": {
       "fields": {}
      },
      "ListRolloutsResponse": {
       "fields": {
        "rollouts": {
         "rule": "repeated",
         "type": "Rollout",
         "id": 1
        }
       }
      },
      "GetRolloutRequest": {
       "fields": {
        "rollout": {
         "type": "string",
         "id": 1
        }
       }
      },
      "GetRolloutResponse": {
       "fields": {
        "rollout": {
         "type": "Rollout",
         "id": 1
        },
        "steps": {
         "rule": "repeated",
         "type": "RolloutStep",
         "id": 2
        }
       }
      },
      "ControlRolloutRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "rollout": {
         "type": "string",
         "id": 3
        },
        "control": {
         "type": "RolloutControl",
         "id": 4
        }
       }
      },
      "ControlRolloutResponse": {
       "fields": {
        "rollout": {
         "type": "Rollout",
         "id": 1
        },
        "unchanged": {
         "type": "bool",
         "id": 2
        }
       }
      },
      "Rollout": {
       "fields": {
        "id": {
         "type": "string",
         "id": 1
        },
        "state": {
         "type": "RolloutState",
         "id": 2
        },
        "undo": {
         "type": "bool",
         "id": 3
        },
        "message": {
         "type": "string",
         "id": 4
        },
        "waiting": {
         "type": "string",
         "id": 5
        },
        "pool": {
         "type": "string",
         "id": 6
        },
        "mode": {
         "type": "Mode",
         "id": 7
        },
        "maxUnavailable": {
         "type": "string",
         "id": 8
        },
        "per": {
         "type": "string",
         "id": 9
        },
        "healthSeconds": {
         "type": "uint32",
         "id": 10
        },
        "createdMs": {
         "type": "int64",
         "id": 11
        },
        "createdBy": {
         "type": "string",
         "id": 12
        },
        "sinceMs": {
         "type": "int64",
         "id": 13
        },
        "steps": {
         "type": "uint32",
         "id": 14
        },
        "settled": {
         "type": "uint32",
         "id": 15
        },
        "failed": {
         "type": "uint32",
         "id": 16
        }
       }
      },
      "RolloutStep": {
       "fields": {
        "nodeId": {
         "type": "string",
         "id": 1
        },
        "nodeName": {
         "type": "string",
         "id": 2
        },
        "group": {
         "type": "string",
         "id": 3
        },
        "state": {
         "type": "StepState",
         "id": 4
        },
        "undo": {
         "type": "bool",
         "id": 5
        },
        "fromSubnet": {
         "type": "string",
         "id": 6
        },
        "fromPool": {
         "type": "string",
         "id": 7
        },
        "fromMode": {
         "type": "Mode",
         "id": 8
        },
        "toPool": {
         "type": "string",
         "id": 9
        },
        "toMode": {
         "type": "Mode",
         "id": 10
        },
        "grantedSubnet": {
         "type": "string",
         "id": 11
        },
        "message": {
         "type": "string",
         "id": 12
        },
        "sinceMs": {
         "type": "int64",
         "id": 13
        },
        "attempts": {
         "type": "uint32",
         "id": 14
        }
       }
      },
      "HeldRouteService": {
       "methods": {
        "ListHeldRoutes": {
         "requestType": "ListHeldRoutesRequest",
         "responseType": "ListHeldRoutesResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "ApproveWithdrawals": {
         "requestType": "ApproveWithdrawalsRequest",
         "responseType": "ApproveWithdrawalsResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        }
       }
      },
      "ListHeldRoutesRequest": {
       "fields": {}
      },
      "ListHeldRoutesResponse": {
       "fields": {
        "clusterId": {
         "type": "string",
         "id": 1
        },
        "nodes": {
         "rule": "repeated",
         "type": "NodeHeldRoutes",
         "id": 2
        },
        "approvedEpoch": {
         "type": "uint64",
         "id": 3
        },
        "approvedRevision": {
         "type": "int64",
         "id": 4
        }
       }
      },
      "NodeHeldRoutes": {
       "fields": {
        "nodeName": {
         "type": "string",
         "id": 1
        },
        "held": {
         "type": "HeldRoutes",
         "id": 2
        },
        "sinceMs": {
         "type": "int64",
         "id": 3
        },
        "connected": {
         "type": "bool",
         "id": 4
        }
       }
      },
      "ApproveWithdrawalsRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "clusterId": {
         "type": "string",
         "id": 3
        },
        "epoch": {
         "type": "uint64",
         "id": 4
        },
        "revision": {
         "type": "int64",
         "id": 5
        }
       }
      },
      "ApproveWithdrawalsResponse": {
       "fields": {
        "unchanged": {
         "type": "bool",
         "id": 1
        },
        "change": {
         "type": "string",
         "id": 2
        }
       }
      },
      "StaticRouteService": {
       "methods": {
        "AddStaticRoute": {
         "requestType": "AddStaticRouteRequest",
         "responseType": "AddStaticRouteResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "RemoveStaticRoute": {
         "requestType": "RemoveStaticRouteRequest",
         "responseType": "RemoveStaticRouteResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        }
       }
      },
      "StaticRoute": {
       "fields": {
        "subnet": {
         "type": "string",
         "id": 1
        },
        "nextHop": {
         "type": "string",
         "id": 2
        },
        "name": {
         "type": "string",
         "id": 3
        },
        "pool": {
         "type": "string",
         "id": 4
        }
       }
      },
      "AddStaticRouteRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "subnet": {
         "type": "string",
         "id": 3
        },
        "nextHop": {
         "type": "string",
         "id": 4
        },
        "name": {
         "type": "string",
         "id": 5
        }
       }
      },
      "AddStaticRouteResponse": {
       "fields": {
        "route": {
         "type": "StaticRoute",
         "id": 1
        },
        "unchanged": {
         "type": "bool",
         "id": 2
        },
        "change": {
         "type": "string",
         "id": 3
        },
        "warnings": {
         "rule": "repeated",
         "type": "string",
         "id": 4
        }
       }
      },
      "RemoveStaticRouteRequest": {
       "fields": {
        "operationId": {
         "type": "string",
         "id": 1
        },
        "dryRun": {
         "type": "bool",
         "id": 2
        },
        "subnet": {
         "type": "string",
         "id": 3
        }
       }
      },
      "RemoveStaticRouteResponse": {
       "fields": {
        "route": {
         "type": "StaticRoute",
         "id": 1
        },
        "quarantinedUntilMs": {
         "type": "int64",
         "id": 2
        }
       }
      },
      "NetworkService": {
       "methods": {
        "CreateNetwork": {
         "requestType": "CreateNetworkRequest",
         "responseType": "CreateNetworkResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "ChangeNetwork": {
         "requestType": "ChangeNetworkRequest",
         "responseType": "ChangeNetworkResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "RemoveNetwork": {
         "requestType": "RemoveNetworkRequest",
         "responseType": "RemoveNetworkResponse",
         "options": {
          "(xnet.v1.access)": "OPERATOR"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "OPERATOR"
          }
         ]
        },
        "ListNetworks": {
         "requestType": "ListNetworksRequest",
         "responseType": "ListNetworksResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        },
        "GetNetwork": {
         "requestType": "GetNetworkRequest",
         "responseType": "GetNetworkResponse",
         "options": {
          "(xnet.v1.access)": "VIEWER"
         },
         "parsedOptions": [
          {
           "(xnet.v1.access)": "VIEWER"
          }
         ]
        }
       }
      },
      "NodeSelector": {
       "fields": {
        "all": {
         "type": "bool",
         "id": 1
        },
        "labels": {
         "keyType": "string",
         "type": "string",
         "id": 2
        },
        "nodes": {
         "rule": "repeated",
         "type": "string",
         "id": 3
        },
        "none": {
         "type": "bool",
         "id": 4
        }
       }
      },
      "ExceptedNodes": {
       "fields": {
        "nodes": {
         "rule": "repeated",
         "type": "string",
         "id": 1
        }
       }
      },
      "MemberState": {
       "values": {
        "MEMBER_STATE_UNSPECIFIED": 0,
        "MEMBER_STATE_PENDING": 1,
        "MEMBER_STATE_REFUSED": 2,
        "MEMBER_STATE_WANTED": 3,
        "MEMBER_STATE_IN_FORCE": 4,
        "MEMBER_STATE_ENDING": 5
       }
      },
      "NetworkMember": {
       "fields": {
        "nodeName": {
         "type": "string",
         "id": 1
        },
        "nodeId": {
         "type": "string",
         "id": 2
        },
        "state": {
         "type": "MemberState",
         "id": 3
        },
        "subnet": {
         "type": "string",
         "id": 4
        },
        "message": {
         "type": "string",
         "id": 5
        },
        "fix": {
         "type": "string",
         "id": 6
        },
        "containers": {
         "rule": "repeated",
         "type": "string",
         "id": 7
        },
        "inUse": {
         "type": "bool",
         "id": 8
        },
        "connected": {
         "type": "bool",
         "id": 9
        }
       }
      },
      "Network": {
       "fields": {
        "name": {
         "type": "string",
         "id": 1
        },
        "pool": {
         "type": "string",
         "id": 2
        },
        "bridgeName": {
         "type": "string",
         "id": 3
        },
        "selector": {
         "type": "NodeSelector",
         "id": 4
        },
        "except": {
         "rule": "repeated",
         "type": "string",
         "id": 5
        },
        "createdMs": {
         "type": "int64",
         "id": 6
        },
        "removingMs": {
         "type": "int64",
         "id": 7
        },
        "disconnect": {
         "type": "bool",
         "id": 8
        },
        "members": {
         "type": "uint32",
         "id": 9
        },
        "inForce": {
         "type": "uint32",
         "id": 10
        },
        "refused": {
         "type": "uint32",
         "id": 11
        },
        "ending": {
         "type": "uint32",
         "id": 12
        },
        "inUse": {
         "type": "uint32",
         "id": 13
        }
       }
      },
      "CreateNetworkRequest": {
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
        "pool": {
         "type": "string",
         "id": 4
        },
        "selector": {
         "type": "NodeSelector",
         "id": 5
        },
        "bridgeName": {
         "type": "string",
         "id": 6
        },
        "except": {
         "type": "ExceptedNodes",
         "id": 7
        }
       }
      },
      "CreateNetworkResponse": {
       "fields": {
        "network": {
         "type": "Network",
         "id": 1
        },
        "members": {
         "rule": "repeated",
         "type": "NetworkMember",
         "id": 2
        },
        "unchanged": {
         "type": "bool",
         "id": 3
        },
        "change": {
         "type": "string",
         "id": 4
        },
        "warnings": {
         "rule": "repeated",
         "type": "string",
         "id": 5
        }
       }
      },
      "ChangeNetworkRequest": {
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
        "selector": {
         "type": "NodeSelector",
         "id": 4
        },
        "include": {
         "rule": "repeated",
         "type": "string",
         "id": 5
        },
        "exclude": {
         "rule": "repeated",
         "type": "string",
         "id": 6
        },
        "except": {
         "type": "ExceptedNodes",
         "id": 7
        }
       }
      },
      "ChangeNetworkResponse": {
       "fields": {
        "network": {
         "type": "Network",
         "id": 1
        },
        "members": {
         "rule": "repeated",
         "type": "NetworkMember",
         "id": 2
        },
        "unchanged": {
         "type": "bool",
         "id": 3
        },
        "change": {
         "type": "string",
         "id": 4
        },
        "warnings": {
         "rule": "repeated",
         "type": "string",
         "id": 5
        }
       }
      },
      "RemoveNetworkRequest": {
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
        "disconnect": {
         "type": "bool",
         "id": 4
        }
       }
      },
      "RemoveNetworkResponse": {
       "fields": {
        "network": {
         "type": "Network",
         "id": 1
        },
        "members": {
         "rule": "repeated",
         "type": "NetworkMember",
         "id": 2
        },
        "unchanged": {
         "type": "bool",
         "id": 3
        },
        "change": {
         "type": "string",
         "id": 4
        }
       }
      },
      "ListNetworksRequest": {
       "fields": {}
      },
      "ListNetworksResponse": {
       "fields": {
        "networks": {
         "rule": "repeated",
         "type": "Network",
         "id": 1
        }
       }
      },
      "GetNetworkRequest": {
       "fields": {
        "name": {
         "type": "string",
         "id": 1
        }
       }
      },
      "GetNetworkResponse": {
       "fields": {
        "network": {
         "type": "Network",
         "id": 1
        },
        "members": {
         "rule": "repeated",
         "type": "NetworkMember",
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
