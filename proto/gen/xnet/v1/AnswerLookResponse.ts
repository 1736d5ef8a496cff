// Original file: proto/xnet/v1/diagnosis.proto


export interface AnswerLookResponse {
}

export interface AnswerLookResponse__Output {
}
