use super::*;
use std::sync::Mutex;

fn service(answer: fn(&http::Request<Bytes>) -> http::Response<Bytes>) -> InProcess {
    InProcess {
        call: Arc::new(move |request| answer(&request)),
        credentials: StaticCredentials {
            access_key_id: "AKID".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        },
        region: "us-east-1".to_owned(),
        now: Arc::new(|| Timestamp::UNIX_EPOCH),
        yields: Arc::new(|| 3),
    }
}

#[tokio::test]
async fn a_request_arrives_whole_and_so_does_its_answer() {
    let echo = service(|request| {
        let body = [request.method().as_str().as_bytes(), b" ", request.body()].concat();
        http::Response::builder()
            .status(418)
            .header("x-a", "b")
            .body(body.into())
            .unwrap()
    });
    let mut request = HttpRequest::new(SdkBody::from("body"));
    request.set_method("POST").unwrap();
    request
        .set_uri("https://ec2.us-east-1.amazonaws.com/")
        .unwrap();
    let response = echo.answer(request).await.unwrap();
    assert_eq!(response.status().as_u16(), 418);
    assert_eq!(response.headers().get("x-a"), Some("b"));
    assert_eq!(response.body().bytes(), Some(&b"POST body"[..]));
}

#[tokio::test]
async fn an_aborted_connection_is_a_lost_reply() {
    let aborts = service(|_| {
        http::Response::builder()
            .header(CONNECTION_HEADER, "aborted")
            .body(Bytes::new())
            .unwrap()
    });
    assert!(
        aborts
            .answer(HttpRequest::empty())
            .await
            .unwrap_err()
            .is_io()
    );
}

#[tokio::test]
async fn calls_made_together_interleave() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let patience = Arc::new(Mutex::new(vec![1, 5]));
    let (seen, left) = (order.clone(), patience);
    let mut service = service(|_| http::Response::new(Bytes::new()));
    service.yields = Arc::new(move || left.lock().unwrap().pop().unwrap());
    service.call = Arc::new(move |request| {
        seen.lock().unwrap().push(request.uri().path().to_owned());
        http::Response::new(Bytes::new())
    });
    let request = |path: &str| {
        let mut request = HttpRequest::empty();
        request.set_uri(format!("http://aws{path}")).unwrap();
        service.answer(request)
    };
    let (first, second) = tokio::join!(request("/first"), request("/second"));
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(*order.lock().unwrap(), ["/second", "/first"]);
}

#[tokio::test]
async fn pauses_take_no_time_and_time_limits_are_never_reached() {
    let service = service(|_| http::Response::new(Bytes::new()));
    service.sleep(Duration::from_secs(20)).await;
    let limit = service.sleep(LONGEST_PAUSE * 2);
    assert!(
        tokio::time::timeout(Duration::from_millis(1), limit)
            .await
            .is_err()
    );
}
