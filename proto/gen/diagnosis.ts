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
import type { ContainerFindings as _xnet_v1_ContainerFindings, ContainerFindings__Output as _xnet_v1_ContainerFindings__Output } from './xnet/v1/ContainerFindings.js';
import type { Decision as _xnet_v1_Decision, Decision__Output as _xnet_v1_Decision__Output } from './xnet/v1/Decision.js';
import type { DiagnosisServiceClient as _xnet_v1_DiagnosisServiceClient, DiagnosisServiceDefinition as _xnet_v1_DiagnosisServiceDefinition } from './xnet/v1/DiagnosisService.js';
import type { Echoes as _xnet_v1_Echoes, Echoes__Output as _xnet_v1_Echoes__Output } from './xnet/v1/Echoes.js';
import type { FindPathEndRequest as _xnet_v1_FindPathEndRequest, FindPathEndRequest__Output as _xnet_v1_FindPathEndRequest__Output } from './xnet/v1/FindPathEndRequest.js';
import type { FindPathEndResponse as _xnet_v1_FindPathEndResponse, FindPathEndResponse__Output as _xnet_v1_FindPathEndResponse__Output } from './xnet/v1/FindPathEndResponse.js';
import type { Findings as _xnet_v1_Findings, Findings__Output as _xnet_v1_Findings__Output } from './xnet/v1/Findings.js';
import type { Look as _xnet_v1_Look, Look__Output as _xnet_v1_Look__Output } from './xnet/v1/Look.js';
import type { LookAtNodeRequest as _xnet_v1_LookAtNodeRequest, LookAtNodeRequest__Output as _xnet_v1_LookAtNodeRequest__Output } from './xnet/v1/LookAtNodeRequest.js';
import type { LookAtNodeResponse as _xnet_v1_LookAtNodeResponse, LookAtNodeResponse__Output as _xnet_v1_LookAtNodeResponse__Output } from './xnet/v1/LookAtNodeResponse.js';
import type { LookServiceClient as _xnet_v1_LookServiceClient, LookServiceDefinition as _xnet_v1_LookServiceDefinition } from './xnet/v1/LookService.js';
import type { PacketTrace as _xnet_v1_PacketTrace, PacketTrace__Output as _xnet_v1_PacketTrace__Output } from './xnet/v1/PacketTrace.js';
import type { PathFindings as _xnet_v1_PathFindings, PathFindings__Output as _xnet_v1_PathFindings__Output } from './xnet/v1/PathFindings.js';
import type { PathQuestion as _xnet_v1_PathQuestion, PathQuestion__Output as _xnet_v1_PathQuestion__Output } from './xnet/v1/PathQuestion.js';
import type { ProbeFindings as _xnet_v1_ProbeFindings, ProbeFindings__Output as _xnet_v1_ProbeFindings__Output } from './xnet/v1/ProbeFindings.js';
import type { ProbeQuestion as _xnet_v1_ProbeQuestion, ProbeQuestion__Output as _xnet_v1_ProbeQuestion__Output } from './xnet/v1/ProbeQuestion.js';
import type { Question as _xnet_v1_Question, Question__Output as _xnet_v1_Question__Output } from './xnet/v1/Question.js';
import type { Reply as _xnet_v1_Reply, Reply__Output as _xnet_v1_Reply__Output } from './xnet/v1/Reply.js';
import type { TraceBeginQuestion as _xnet_v1_TraceBeginQuestion, TraceBeginQuestion__Output as _xnet_v1_TraceBeginQuestion__Output } from './xnet/v1/TraceBeginQuestion.js';
import type { TraceEndQuestion as _xnet_v1_TraceEndQuestion, TraceEndQuestion__Output as _xnet_v1_TraceEndQuestion__Output } from './xnet/v1/TraceEndQuestion.js';
import type { TraceFindings as _xnet_v1_TraceFindings, TraceFindings__Output as _xnet_v1_TraceFindings__Output } from './xnet/v1/TraceFindings.js';
import type { TraceStep as _xnet_v1_TraceStep, TraceStep__Output as _xnet_v1_TraceStep__Output } from './xnet/v1/TraceStep.js';

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
      ContainerFindings: MessageTypeDefinition<_xnet_v1_ContainerFindings, _xnet_v1_ContainerFindings__Output>
      Decision: MessageTypeDefinition<_xnet_v1_Decision, _xnet_v1_Decision__Output>
      DiagnosisService: SubtypeConstructor<typeof grpc.Client, _xnet_v1_DiagnosisServiceClient> & { service: _xnet_v1_DiagnosisServiceDefinition }
      Echoes: MessageTypeDefinition<_xnet_v1_Echoes, _xnet_v1_Echoes__Output>
      FindPathEndRequest: MessageTypeDefinition<_xnet_v1_FindPathEndRequest, _xnet_v1_FindPathEndRequest__Output>
      FindPathEndResponse: MessageTypeDefinition<_xnet_v1_FindPathEndResponse, _xnet_v1_FindPathEndResponse__Output>
      Findings: MessageTypeDefinition<_xnet_v1_Findings, _xnet_v1_Findings__Output>
      Look: MessageTypeDefinition<_xnet_v1_Look, _xnet_v1_Look__Output>
      LookAtNodeRequest: MessageTypeDefinition<_xnet_v1_LookAtNodeRequest, _xnet_v1_LookAtNodeRequest__Output>
      LookAtNodeResponse: MessageTypeDefinition<_xnet_v1_LookAtNodeResponse, _xnet_v1_LookAtNodeResponse__Output>
      LookService: SubtypeConstructor<typeof grpc.Client, _xnet_v1_LookServiceClient> & { service: _xnet_v1_LookServiceDefinition }
      PacketTrace: MessageTypeDefinition<_xnet_v1_PacketTrace, _xnet_v1_PacketTrace__Output>
      PathFindings: MessageTypeDefinition<_xnet_v1_PathFindings, _xnet_v1_PathFindings__Output>
      PathQuestion: MessageTypeDefinition<_xnet_v1_PathQuestion, _xnet_v1_PathQuestion__Output>
      ProbeFindings: MessageTypeDefinition<_xnet_v1_ProbeFindings, _xnet_v1_ProbeFindings__Output>
      ProbeQuestion: MessageTypeDefinition<_xnet_v1_ProbeQuestion, _xnet_v1_ProbeQuestion__Output>
      Question: MessageTypeDefinition<_xnet_v1_Question, _xnet_v1_Question__Output>
      Reply: MessageTypeDefinition<_xnet_v1_Reply, _xnet_v1_Reply__Output>
      TraceBeginQuestion: MessageTypeDefinition<_xnet_v1_TraceBeginQuestion, _xnet_v1_TraceBeginQuestion__Output>
      TraceEndQuestion: MessageTypeDefinition<_xnet_v1_TraceEndQuestion, _xnet_v1_TraceEndQuestion__Output>
      TraceFindings: MessageTypeDefinition<_xnet_v1_TraceFindings, _xnet_v1_TraceFindings__Output>
      TraceStep: MessageTypeDefinition<_xnet_v1_TraceStep, _xnet_v1_TraceStep__Output>
    }
  }
}

