// Original file: proto/xnet/v1/held_route.proto


export interface ListHeldRoutesRequest {
}

export interface ListHeldRoutesRequest__Output {
}
