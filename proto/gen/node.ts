import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { DescriptorProto as _google_protobuf_DescriptorProto, DescriptorProto__Output as _google_protobuf_DescriptorProto__Output } from './google/protobuf/DescriptorProto.js';
import type { EnumDescriptorProto as _google_protobuf_EnumDescriptorProto, EnumDescriptorProto__Output as _google_protobuf_EnumDescriptorProto__Output } from './google/protobuf/EnumDescriptorProto.js';
import type { EnumOptions as _google_protobuf_EnumOptions, EnumOptions__Output as _google_protobuf_EnumOptions__Output } from './google/protobuf/EnumOptions.js';
import type { EnumValueDescriptorProto as _google_protobuf_EnumValueDescriptorProto, EnumValueDescriptorProto__Output as _google_protobuf_EnumValueDescriptorProto__Output } from './google/protobuf/EnumValueDescriptorProto.js';
import type { EnumValueOptions as _google_protobuf_EnumValueOptions, EnumValueOptions__Output as _google_protobuf_EnumValueOptions__Output } from './google/protobuf/EnumValueOptions.js';
import type { ExtensionRangeOptions as _google_protobuf_ExtensionRangeOptions, ExtensionRangeOptions__Output as _google_protobuf_ExtensionRangeOptions__Output } from './google/protobuf/ExtensionRangeOptions.js';
import type { FeatureSet as _google_protobuf_FeatureSet, FeatureSet__Output as _google_protobuf_FeatureSet__Output } from './google/protobuf/FeatureSet.js';
import type { FeatureSetDefaults as _google_protobuf_FeatureSetDefaults, FeatureSetDefaults__Output as _google_protobuf_FeatureSetDefaults__Output } from './google/protobuf/FeatureSetDefaults.js';
import type { FieldDescriptorProto as _google_protobuf_FieldDescriptorProto, FieldDescriptorProto__Output as _google_protobuf_FieldDescriptorProto__Output } from './google/protobuf/FieldDescriptorProto.js';
import type { FieldOptions as _google_protobuf_FieldOptions, FieldOptions__Output as _google_protobuf_FieldOptions__Output } from './google/protobuf/FieldOptions.js';
import type { FileDescriptorProto as _google_protobuf_FileDescriptorProto, FileDescriptorProto__Output as _google_protobuf_FileDescriptorProto__Output } from './google/protobuf/FileDescriptorProto.js';
import type { FileDescriptorSet as _google_protobuf_FileDescriptorSet, FileDescriptorSet__Output as _google_protobuf_FileDescriptorSet__Output } from './google/protobuf/FileDescriptorSet.js';
import type { FileOptions as _google_protobuf_FileOptions, FileOptions__Output as _google_protobuf_FileOptions__Output } from './google/protobuf/FileOptions.js';
import type { GeneratedCodeInfo as _google_protobuf_GeneratedCodeInfo, GeneratedCodeInfo__Output as _google_protobuf_GeneratedCodeInfo__Output } from './google/protobuf/GeneratedCodeInfo.js';
import type { MessageOptions as _google_protobuf_MessageOptions, MessageOptions__Output as _google_protobuf_MessageOptions__Output } from './google/protobuf/MessageOptions.js';
import type { MethodDescriptorProto as _google_protobuf_MethodDescriptorProto, MethodDescriptorProto__Output as _google_protobuf_MethodDescriptorProto__Output } from './google/protobuf/MethodDescriptorProto.js';
import type { MethodOptions as _google_protobuf_MethodOptions, MethodOptions__Output as _google_protobuf_MethodOptions__Output } from './google/protobuf/MethodOptions.js';
import type { OneofDescriptorProto as _google_protobuf_OneofDescriptorProto, OneofDescriptorProto__Output as _google_protobuf_OneofDescriptorProto__Output } from './google/protobuf/OneofDescriptorProto.js';
import type { OneofOptions as _google_protobuf_OneofOptions, OneofOptions__Output as _google_protobuf_OneofOptions__Output } from './google/protobuf/OneofOptions.js';
import type { ServiceDescriptorProto as _google_protobuf_ServiceDescriptorProto, ServiceDescriptorProto__Output as _google_protobuf_ServiceDescriptorProto__Output } from './google/protobuf/ServiceDescriptorProto.js';
import type { ServiceOptions as _google_protobuf_ServiceOptions, ServiceOptions__Output as _google_protobuf_ServiceOptions__Output } from './google/protobuf/ServiceOptions.js';
import type { SourceCodeInfo as _google_protobuf_SourceCodeInfo, SourceCodeInfo__Output as _google_protobuf_SourceCodeInfo__Output } from './google/protobuf/SourceCodeInfo.js';
import type { UninterpretedOption as _google_protobuf_UninterpretedOption, UninterpretedOption__Output as _google_protobuf_UninterpretedOption__Output } from './google/protobuf/UninterpretedOption.js';
import type { AnswerLookRequest as _xnet_v1_AnswerLookRequest, AnswerLookRequest__Output as _xnet_v1_AnswerLookRequest__Output } from './xnet/v1/AnswerLookRequest.js';
import type { AnswerLookResponse as _xnet_v1_AnswerLookResponse, AnswerLookResponse__Output as _xnet_v1_AnswerLookResponse__Output } from './xnet/v1/AnswerLookResponse.js';
import type { Assignment as _xnet_v1_Assignment, Assignment__Output as _xnet_v1_Assignment__Output } from './xnet/v1/Assignment.js';
import type { Bookmark as _xnet_v1_Bookmark, Bookmark__Output as _xnet_v1_Bookmark__Output } from './xnet/v1/Bookmark.js';
import type { Condition as _xnet_v1_Condition, Condition__Output as _xnet_v1_Condition__Output } from './xnet/v1/Condition.js';
import type { ContainerFindings as _xnet_v1_ContainerFindings, ContainerFindings__Output as _xnet_v1_ContainerFindings__Output } from './xnet/v1/ContainerFindings.js';
import type { ContainerUse as _xnet_v1_ContainerUse, ContainerUse__Output as _xnet_v1_ContainerUse__Output } from './xnet/v1/ContainerUse.js';
import type { Decision as _xnet_v1_Decision, Decision__Output as _xnet_v1_Decision__Output } from './xnet/v1/Decision.js';
import type { Delta as _xnet_v1_Delta, Delta__Output as _xnet_v1_Delta__Output } from './xnet/v1/Delta.js';
import type { Destination as _xnet_v1_Destination, Destination__Output as _xnet_v1_Destination__Output } from './xnet/v1/Destination.js';
import type { DiagnosisServiceClient as _xnet_v1_DiagnosisServiceClient, DiagnosisServiceDefinition as _xnet_v1_DiagnosisServiceDefinition } from './xnet/v1/DiagnosisService.js';
import type { Drain as _xnet_v1_Drain, Drain__Output as _xnet_v1_Drain__Output } from './xnet/v1/Drain.js';
import type { Echoes as _xnet_v1_Echoes, Echoes__Output as _xnet_v1_Echoes__Output } from './xnet/v1/Echoes.js';
import type { Event as _xnet_v1_Event, Event__Output as _xnet_v1_Event__Output } from './xnet/v1/Event.js';
import type { FindPathEndRequest as _xnet_v1_FindPathEndRequest, FindPathEndRequest__Output as _xnet_v1_FindPathEndRequest__Output } from './xnet/v1/FindPathEndRequest.js';
import type { FindPathEndResponse as _xnet_v1_FindPathEndResponse, FindPathEndResponse__Output as _xnet_v1_FindPathEndResponse__Output } from './xnet/v1/FindPathEndResponse.js';
import type { Findings as _xnet_v1_Findings, Findings__Output as _xnet_v1_Findings__Output } from './xnet/v1/Findings.js';
import type { HeldRoutes as _xnet_v1_HeldRoutes, HeldRoutes__Output as _xnet_v1_HeldRoutes__Output } from './xnet/v1/HeldRoutes.js';
import type { HostNetwork as _xnet_v1_HostNetwork, HostNetwork__Output as _xnet_v1_HostNetwork__Output } from './xnet/v1/HostNetwork.js';
import type { Lan as _xnet_v1_Lan, Lan__Output as _xnet_v1_Lan__Output } from './xnet/v1/Lan.js';
import type { Lease as _xnet_v1_Lease, Lease__Output as _xnet_v1_Lease__Output } from './xnet/v1/Lease.js';
import type { LeaseUse as _xnet_v1_LeaseUse, LeaseUse__Output as _xnet_v1_LeaseUse__Output } from './xnet/v1/LeaseUse.js';
import type { LeaveRequest as _xnet_v1_LeaveRequest, LeaveRequest__Output as _xnet_v1_LeaveRequest__Output } from './xnet/v1/LeaveRequest.js';
import type { LeaveResponse as _xnet_v1_LeaveResponse, LeaveResponse__Output as _xnet_v1_LeaveResponse__Output } from './xnet/v1/LeaveResponse.js';
import type { Look as _xnet_v1_Look, Look__Output as _xnet_v1_Look__Output } from './xnet/v1/Look.js';
import type { LookAtNodeRequest as _xnet_v1_LookAtNodeRequest, LookAtNodeRequest__Output as _xnet_v1_LookAtNodeRequest__Output } from './xnet/v1/LookAtNodeRequest.js';
import type { LookAtNodeResponse as _xnet_v1_LookAtNodeResponse, LookAtNodeResponse__Output as _xnet_v1_LookAtNodeResponse__Output } from './xnet/v1/LookAtNodeResponse.js';
import type { LookServiceClient as _xnet_v1_LookServiceClient, LookServiceDefinition as _xnet_v1_LookServiceDefinition } from './xnet/v1/LookService.js';
import type { Nic as _xnet_v1_Nic, Nic__Output as _xnet_v1_Nic__Output } from './xnet/v1/Nic.js';
import type { NicList as _xnet_v1_NicList, NicList__Output as _xnet_v1_NicList__Output } from './xnet/v1/NicList.js';
import type { NicUse as _xnet_v1_NicUse, NicUse__Output as _xnet_v1_NicUse__Output } from './xnet/v1/NicUse.js';
import type { Node as _xnet_v1_Node, Node__Output as _xnet_v1_Node__Output } from './xnet/v1/Node.js';
import type { NodeServiceClient as _xnet_v1_NodeServiceClient, NodeServiceDefinition as _xnet_v1_NodeServiceDefinition } from './xnet/v1/NodeService.js';
import type { PacketTrace as _xnet_v1_PacketTrace, PacketTrace__Output as _xnet_v1_PacketTrace__Output } from './xnet/v1/PacketTrace.js';
import type { PathFindings as _xnet_v1_PathFindings, PathFindings__Output as _xnet_v1_PathFindings__Output } from './xnet/v1/PathFindings.js';
import type { PathQuestion as _xnet_v1_PathQuestion, PathQuestion__Output as _xnet_v1_PathQuestion__Output } from './xnet/v1/PathQuestion.js';
import type { Permit as _xnet_v1_Permit, Permit__Output as _xnet_v1_Permit__Output } from './xnet/v1/Permit.js';
import type { Pool as _xnet_v1_Pool, Pool__Output as _xnet_v1_Pool__Output } from './xnet/v1/Pool.js';
import type { PoolList as _xnet_v1_PoolList, PoolList__Output as _xnet_v1_PoolList__Output } from './xnet/v1/PoolList.js';
import type { PoolRange as _xnet_v1_PoolRange, PoolRange__Output as _xnet_v1_PoolRange__Output } from './xnet/v1/PoolRange.js';
import type { PoolUsage as _xnet_v1_PoolUsage, PoolUsage__Output as _xnet_v1_PoolUsage__Output } from './xnet/v1/PoolUsage.js';
import type { ProbeFindings as _xnet_v1_ProbeFindings, ProbeFindings__Output as _xnet_v1_ProbeFindings__Output } from './xnet/v1/ProbeFindings.js';
import type { ProbeQuestion as _xnet_v1_ProbeQuestion, ProbeQuestion__Output as _xnet_v1_ProbeQuestion__Output } from './xnet/v1/ProbeQuestion.js';
import type { Question as _xnet_v1_Question, Question__Output as _xnet_v1_Question__Output } from './xnet/v1/Question.js';
import type { RenewCertificateRequest as _xnet_v1_RenewCertificateRequest, RenewCertificateRequest__Output as _xnet_v1_RenewCertificateRequest__Output } from './xnet/v1/RenewCertificateRequest.js';
import type { RenewCertificateResponse as _xnet_v1_RenewCertificateResponse, RenewCertificateResponse__Output as _xnet_v1_RenewCertificateResponse__Output } from './xnet/v1/RenewCertificateResponse.js';
import type { Reply as _xnet_v1_Reply, Reply__Output as _xnet_v1_Reply__Output } from './xnet/v1/Reply.js';
import type { ReportRequest as _xnet_v1_ReportRequest, ReportRequest__Output as _xnet_v1_ReportRequest__Output } from './xnet/v1/ReportRequest.js';
import type { ReportResponse as _xnet_v1_ReportResponse, ReportResponse__Output as _xnet_v1_ReportResponse__Output } from './xnet/v1/ReportResponse.js';
import type { Reservation as _xnet_v1_Reservation, Reservation__Output as _xnet_v1_Reservation__Output } from './xnet/v1/Reservation.js';
import type { Route as _xnet_v1_Route, Route__Output as _xnet_v1_Route__Output } from './xnet/v1/Route.js';
import type { RouteCounts as _xnet_v1_RouteCounts, RouteCounts__Output as _xnet_v1_RouteCounts__Output } from './xnet/v1/RouteCounts.js';
import type { SilentPeer as _xnet_v1_SilentPeer, SilentPeer__Output as _xnet_v1_SilentPeer__Output } from './xnet/v1/SilentPeer.js';
import type { SnapshotChunk as _xnet_v1_SnapshotChunk, SnapshotChunk__Output as _xnet_v1_SnapshotChunk__Output } from './xnet/v1/SnapshotChunk.js';
import type { Subnet as _xnet_v1_Subnet, Subnet__Output as _xnet_v1_Subnet__Output } from './xnet/v1/Subnet.js';
import type { TraceBeginQuestion as _xnet_v1_TraceBeginQuestion, TraceBeginQuestion__Output as _xnet_v1_TraceBeginQuestion__Output } from './xnet/v1/TraceBeginQuestion.js';
import type { TraceEndQuestion as _xnet_v1_TraceEndQuestion, TraceEndQuestion__Output as _xnet_v1_TraceEndQuestion__Output } from './xnet/v1/TraceEndQuestion.js';
import type { TraceFindings as _xnet_v1_TraceFindings, TraceFindings__Output as _xnet_v1_TraceFindings__Output } from './xnet/v1/TraceFindings.js';
import type { TraceStep as _xnet_v1_TraceStep, TraceStep__Output as _xnet_v1_TraceStep__Output } from './xnet/v1/TraceStep.js';
import type { Trust as _xnet_v1_Trust, Trust__Output as _xnet_v1_Trust__Output } from './xnet/v1/Trust.js';
import type { Version as _xnet_v1_Version, Version__Output as _xnet_v1_Version__Output } from './xnet/v1/Version.js';
import type { WatchRequest as _xnet_v1_WatchRequest, WatchRequest__Output as _xnet_v1_WatchRequest__Output } from './xnet/v1/WatchRequest.js';
import type { WatchResponse as _xnet_v1_WatchResponse, WatchResponse__Output as _xnet_v1_WatchResponse__Output } from './xnet/v1/WatchResponse.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      DescriptorProto: MessageTypeDefinition<_google_protobuf_DescriptorProto, _google_protobuf_DescriptorProto__Output>
      Edition: EnumTypeDefinition
      EnumDescriptorProto: MessageTypeDefinition<_google_protobuf_EnumDescriptorProto, _google_protobuf_EnumDescriptorProto__Output>
      EnumOptions: MessageTypeDefinition<_google_protobuf_EnumOptions, _google_protobuf_EnumOptions__Output>
      EnumValueDescriptorProto: MessageTypeDefinition<_google_protobuf_EnumValueDescriptorProto, _google_protobuf_EnumValueDescriptorProto__Output>
      EnumValueOptions: MessageTypeDefinition<_google_protobuf_EnumValueOptions, _google_protobuf_EnumValueOptions__Output>
      ExtensionRangeOptions: MessageTypeDefinition<_google_protobuf_ExtensionRangeOptions, _google_protobuf_ExtensionRangeOptions__Output>
      FeatureSet: MessageTypeDefinition<_google_protobuf_FeatureSet, _google_protobuf_FeatureSet__Output>
      FeatureSetDefaults: MessageTypeDefinition<_google_protobuf_FeatureSetDefaults, _google_protobuf_FeatureSetDefaults__Output>
      FieldDescriptorProto: MessageTypeDefinition<_google_protobuf_FieldDescriptorProto, _google_protobuf_FieldDescriptorProto__Output>
      FieldOptions: MessageTypeDefinition<_google_protobuf_FieldOptions, _google_protobuf_FieldOptions__Output>
      FileDescriptorProto: MessageTypeDefinition<_google_protobuf_FileDescriptorProto, _google_protobuf_FileDescriptorProto__Output>
      FileDescriptorSet: MessageTypeDefinition<_google_protobuf_FileDescriptorSet, _google_protobuf_FileDescriptorSet__Output>
      FileOptions: MessageTypeDefinition<_google_protobuf_FileOptions, _google_protobuf_FileOptions__Output>
      GeneratedCodeInfo: MessageTypeDefinition<_google_protobuf_GeneratedCodeInfo, _google_protobuf_GeneratedCodeInfo__Output>
      MessageOptions: MessageTypeDefinition<_google_protobuf_MessageOptions, _google_protobuf_MessageOptions__Output>
      MethodDescriptorProto: MessageTypeDefinition<_google_protobuf_MethodDescriptorProto, _google_protobuf_MethodDescriptorProto__Output>
      MethodOptions: MessageTypeDefinition<_google_protobuf_MethodOptions, _google_protobuf_MethodOptions__Output>
      OneofDescriptorProto: MessageTypeDefinition<_google_protobuf_OneofDescriptorProto, _google_protobuf_OneofDescriptorProto__Output>
      OneofOptions: MessageTypeDefinition<_google_protobuf_OneofOptions, _google_protobuf_OneofOptions__Output>
      ServiceDescriptorProto: MessageTypeDefinition<_google_protobuf_ServiceDescriptorProto, _google_protobuf_ServiceDescriptorProto__Output>
      ServiceOptions: MessageTypeDefinition<_google_protobuf_ServiceOptions, _google_protobuf_ServiceOptions__Output>
      SourceCodeInfo: MessageTypeDefinition<_google_protobuf_SourceCodeInfo, _google_protobuf_SourceCodeInfo__Output>
      SymbolVisibility: EnumTypeDefinition
      UninterpretedOption: MessageTypeDefinition<_google_protobuf_UninterpretedOption, _google_protobuf_UninterpretedOption__Output>
    }
  }
  xnet: {
    v1: {
      Access: EnumTypeDefinition
      AnswerLookRequest: MessageTypeDefinition<_xnet_v1_AnswerLookRequest, _xnet_v1_AnswerLookRequest__Output>
      AnswerLookResponse: MessageTypeDefinition<_xnet_v1_AnswerLookResponse, _xnet_v1_AnswerLookResponse__Output>
      Assignment: MessageTypeDefinition<_xnet_v1_Assignment, _xnet_v1_Assignment__Output>
      Availability: EnumTypeDefinition
      Bookmark: MessageTypeDefinition<_xnet_v1_Bookmark, _xnet_v1_Bookmark__Output>
      Condition: MessageTypeDefinition<_xnet_v1_Condition, _xnet_v1_Condition__Output>
      ContainerFindings: MessageTypeDefinition<_xnet_v1_ContainerFindings, _xnet_v1_ContainerFindings__Output>
      ContainerUse: MessageTypeDefinition<_xnet_v1_ContainerUse, _xnet_v1_ContainerUse__Output>
      Decision: MessageTypeDefinition<_xnet_v1_Decision, _xnet_v1_Decision__Output>
      Delta: MessageTypeDefinition<_xnet_v1_Delta, _xnet_v1_Delta__Output>
      Destination: MessageTypeDefinition<_xnet_v1_Destination, _xnet_v1_Destination__Output>
      DiagnosisService: SubtypeConstructor<typeof grpc.Client, _xnet_v1_DiagnosisServiceClient> & { service: _xnet_v1_DiagnosisServiceDefinition }
      Drain: MessageTypeDefinition<_xnet_v1_Drain, _xnet_v1_Drain__Output>
      Echoes: MessageTypeDefinition<_xnet_v1_Echoes, _xnet_v1_Echoes__Output>
      Event: MessageTypeDefinition<_xnet_v1_Event, _xnet_v1_Event__Output>
      FindPathEndRequest: MessageTypeDefinition<_xnet_v1_FindPathEndRequest, _xnet_v1_FindPathEndRequest__Output>
      FindPathEndResponse: MessageTypeDefinition<_xnet_v1_FindPathEndResponse, _xnet_v1_FindPathEndResponse__Output>
      Findings: MessageTypeDefinition<_xnet_v1_Findings, _xnet_v1_Findings__Output>
      HeldRoutes: MessageTypeDefinition<_xnet_v1_HeldRoutes, _xnet_v1_HeldRoutes__Output>
      HostNetwork: MessageTypeDefinition<_xnet_v1_HostNetwork, _xnet_v1_HostNetwork__Output>
      Lan: MessageTypeDefinition<_xnet_v1_Lan, _xnet_v1_Lan__Output>
      Lease: MessageTypeDefinition<_xnet_v1_Lease, _xnet_v1_Lease__Output>
      LeaseState: EnumTypeDefinition
      LeaseUse: MessageTypeDefinition<_xnet_v1_LeaseUse, _xnet_v1_LeaseUse__Output>
      LeaveRequest: MessageTypeDefinition<_xnet_v1_LeaveRequest, _xnet_v1_LeaveRequest__Output>
      LeaveResponse: MessageTypeDefinition<_xnet_v1_LeaveResponse, _xnet_v1_LeaveResponse__Output>
      Look: MessageTypeDefinition<_xnet_v1_Look, _xnet_v1_Look__Output>
      LookAtNodeRequest: MessageTypeDefinition<_xnet_v1_LookAtNodeRequest, _xnet_v1_LookAtNodeRequest__Output>
      LookAtNodeResponse: MessageTypeDefinition<_xnet_v1_LookAtNodeResponse, _xnet_v1_LookAtNodeResponse__Output>
      LookService: SubtypeConstructor<typeof grpc.Client, _xnet_v1_LookServiceClient> & { service: _xnet_v1_LookServiceDefinition }
      Mode: EnumTypeDefinition
      Nic: MessageTypeDefinition<_xnet_v1_Nic, _xnet_v1_Nic__Output>
      NicList: MessageTypeDefinition<_xnet_v1_NicList, _xnet_v1_NicList__Output>
      NicUse: MessageTypeDefinition<_xnet_v1_NicUse, _xnet_v1_NicUse__Output>
      Node: MessageTypeDefinition<_xnet_v1_Node, _xnet_v1_Node__Output>
      NodeService: SubtypeConstructor<typeof grpc.Client, _xnet_v1_NodeServiceClient> & { service: _xnet_v1_NodeServiceDefinition }
      NodeState: EnumTypeDefinition
      PacketTrace: MessageTypeDefinition<_xnet_v1_PacketTrace, _xnet_v1_PacketTrace__Output>
      PathFindings: MessageTypeDefinition<_xnet_v1_PathFindings, _xnet_v1_PathFindings__Output>
      PathQuestion: MessageTypeDefinition<_xnet_v1_PathQuestion, _xnet_v1_PathQuestion__Output>
      Permit: MessageTypeDefinition<_xnet_v1_Permit, _xnet_v1_Permit__Output>
      Pool: MessageTypeDefinition<_xnet_v1_Pool, _xnet_v1_Pool__Output>
      PoolList: MessageTypeDefinition<_xnet_v1_PoolList, _xnet_v1_PoolList__Output>
      PoolRange: MessageTypeDefinition<_xnet_v1_PoolRange, _xnet_v1_PoolRange__Output>
      PoolUsage: MessageTypeDefinition<_xnet_v1_PoolUsage, _xnet_v1_PoolUsage__Output>
      ProbeFindings: MessageTypeDefinition<_xnet_v1_ProbeFindings, _xnet_v1_ProbeFindings__Output>
      ProbeQuestion: MessageTypeDefinition<_xnet_v1_ProbeQuestion, _xnet_v1_ProbeQuestion__Output>
      Question: MessageTypeDefinition<_xnet_v1_Question, _xnet_v1_Question__Output>
      RenewCertificateRequest: MessageTypeDefinition<_xnet_v1_RenewCertificateRequest, _xnet_v1_RenewCertificateRequest__Output>
      RenewCertificateResponse: MessageTypeDefinition<_xnet_v1_RenewCertificateResponse, _xnet_v1_RenewCertificateResponse__Output>
      Reply: MessageTypeDefinition<_xnet_v1_Reply, _xnet_v1_Reply__Output>
      ReportRequest: MessageTypeDefinition<_xnet_v1_ReportRequest, _xnet_v1_ReportRequest__Output>
      ReportResponse: MessageTypeDefinition<_xnet_v1_ReportResponse, _xnet_v1_ReportResponse__Output>
      Reservation: MessageTypeDefinition<_xnet_v1_Reservation, _xnet_v1_Reservation__Output>
      Route: MessageTypeDefinition<_xnet_v1_Route, _xnet_v1_Route__Output>
      RouteCounts: MessageTypeDefinition<_xnet_v1_RouteCounts, _xnet_v1_RouteCounts__Output>
      SilentPeer: MessageTypeDefinition<_xnet_v1_SilentPeer, _xnet_v1_SilentPeer__Output>
      SnapshotChunk: MessageTypeDefinition<_xnet_v1_SnapshotChunk, _xnet_v1_SnapshotChunk__Output>
      Subnet: MessageTypeDefinition<_xnet_v1_Subnet, _xnet_v1_Subnet__Output>
      SubnetState: EnumTypeDefinition
      TraceBeginQuestion: MessageTypeDefinition<_xnet_v1_TraceBeginQuestion, _xnet_v1_TraceBeginQuestion__Output>
      TraceEndQuestion: MessageTypeDefinition<_xnet_v1_TraceEndQuestion, _xnet_v1_TraceEndQuestion__Output>
      TraceFindings: MessageTypeDefinition<_xnet_v1_TraceFindings, _xnet_v1_TraceFindings__Output>
      TraceStep: MessageTypeDefinition<_xnet_v1_TraceStep, _xnet_v1_TraceStep__Output>
      Trust: MessageTypeDefinition<_xnet_v1_Trust, _xnet_v1_Trust__Output>
      Version: MessageTypeDefinition<_xnet_v1_Version, _xnet_v1_Version__Output>
      WatchRequest: MessageTypeDefinition<_xnet_v1_WatchRequest, _xnet_v1_WatchRequest__Output>
      WatchResponse: MessageTypeDefinition<_xnet_v1_WatchResponse, _xnet_v1_WatchResponse__Output>
    }
  }
}

