//! Addresses with the methods they take.

use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::{FromRequest, Handler, Resource, Responder, ResponseError, web};

use crate::problem::{Code, Problem};

/// An address. Whoever comes with a method that it does not take is told which it does (RFC 9110, section 15.5.6).
pub struct Endpoint {
    resource: Resource,
    methods: Vec<Method>,
}

/// The address of a pattern like `/api/v1/orders/{id}`.
pub fn at(path: &str) -> Endpoint {
    Endpoint { resource: web::resource(path), methods: Vec::new() }
}

impl Endpoint {
    /// Answers GET, and HEAD as GET without a body.
    #[must_use]
    pub fn read<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::GET, handler.clone()).on(Method::HEAD, handler)
    }

    /// Answers GET alone: what has no end, or is too dear for those who do not want it.
    #[must_use]
    pub fn get<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::GET, handler)
    }

    /// Answers POST.
    #[must_use]
    pub fn post<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::POST, handler)
    }

    /// Answers DELETE.
    #[must_use]
    pub fn delete<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::DELETE, handler)
    }

    fn on<F, Args>(mut self, method: Method, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.resource = self.resource.route(web::method(method.clone()).to(handler));
        self.methods.push(method);
        self
    }

    fn resource(self) -> Resource {
        let methods: Vec<&str> = self.methods.iter().map(Method::as_str).collect();
        let allow = methods.join(", ");
        self.resource.default_service(web::to(move || {
            let mut answer = Problem::new(Code::MethodNotAllowed).error_response();
            if let Ok(allow) = allow.parse() {
                answer.headers_mut().insert(ALLOW, allow);
            }
            std::future::ready(answer)
        }))
    }
}

impl HttpServiceFactory for Endpoint {
    fn register(self, config: &mut AppService) {
        self.resource().register(config);
    }
}
